import { bug } from '../../../diagnostics/index.ts';
import { evaluateNode } from '../../../ir/evaluate.ts';
import { numbersOf, tensorOf } from '../../../tensor/convert.ts';
import { isFloat } from '../../../tensor/dtype.ts';
import { type ExportedNode, type Exporter, within } from '../exported-node.ts';
import { type Call, call, identity, integers, literal, type OnnxAttributeMap, reshape, type Term } from '../term.ts';

/** Integers are interpolated in float32 and truncated. */
export const exportResize: Exporter = (node) => {
  const isNearest = node.attributes.string('mode', 'nearest') === 'nearest';
  if (isNearest || isFloat(node.dtype)) return resample(node);
  return within([], resample, () => 'float32')(node);
};

const resample: Exporter = (node) => (isDirect(node) ? whole(node) : axisByAxis(node));

/** tf_half_pixel_for_nn is no longer among the modes of Resize, and onnxruntime refuses excludeOutside of plain linear. */
function isDirect({ attributes }: ExportedNode): boolean {
  const isPlainLinear = attributes.string('mode', 'nearest') === 'linear' && !attributes.boolean('antialias', false);
  const coordinates = attributes.string('coordinates', 'half_pixel');
  if (coordinates === 'tf_crop_and_resize') return true;
  return coordinates !== 'tf_half_pixel_for_nn' && !(isPlainLinear && attributes.boolean('excludeOutside', false));
}

function whole(node: ExportedNode): Call {
  const { attributes } = node;
  const { scales, sizes, policy } = extent(node);
  const roi = attributes.numbers('roi', []);
  const region = roi.length === 0 ? undefined : literal(tensorOf('float32', [roi.length], roi));
  const scaled = scales && literal(tensorOf('float32', [scales.length], scales));
  return call('Resize', [node.input(0), region, scaled, sizes && integers(sizes)], {
    ...policy,
    mode: attributes.string('mode', 'nearest'),
    coordinate_transformation_mode: attributes.string('coordinates', 'half_pixel'),
    nearest_mode: attributes.string('nearestMode', 'round_prefer_floor'),
    cubic_coeff_a: { float: attributes.number('cubicCoeff', -0.75) },
    exclude_outside: Number(attributes.boolean('excludeOutside', false)),
    extrapolation_value: { float: attributes.number('extrapolation', 0) },
    antialias: Number(attributes.boolean('antialias', false)),
  });
}

interface Extent {
  readonly scales?: readonly number[];
  readonly sizes?: readonly number[];
  readonly policy?: OnnxAttributeMap;
}

/** Sizes that the scales follow from, or scales that the sizes follow from: ONNX takes one of them. */
function extent(node: ExportedNode): Extent {
  const from = node.sizes(0);
  const [sizes, scales] = [node.attributes.numbers('sizes'), node.attributes.numbers('scales')];
  if (sizes.every((size, i) => size > 0 && scales[i] === size / (from[i] ?? 1))) return { sizes };
  const isFloored = sizes.every((size, i) => size === Math.floor(Math.fround((from[i] ?? 0) * (scales[i] ?? 1))));
  return isFloored ? { scales } : keptAspect(from, sizes, scales);
}

/**
 * One scale for several axes, sizes to the nearest: what keep_aspect_ratio_policy makes of sizes. The axis that set the
 * scale asks for its size, the others for more.
 */
function keptAspect(from: readonly number[], sizes: readonly number[], scales: readonly number[]): Extent {
  const axes = scales.flatMap((scale, i) => (scale === 1 ? [] : [i]));
  const [first = 0] = axes;
  const scale = scales[first] ?? 1;
  const leading = axes.find((i) => (sizes[i] ?? 0) / (from[i] ?? 1) === scale);
  const follows = axes.every((i) => scales[i] === scale && sizes[i] === Math.floor((from[i] ?? 0) * scale + 0.5));
  if (leading === undefined || !follows) {
    throw bug(`sizes [${sizes.join(',')}] and scales [${scales.join(',')}] of a resize do not follow from one another`);
  }
  const wanted = axes.map((i) => (i === leading ? (sizes[i] ?? 0) : Math.ceil((from[i] ?? 0) * scale)));
  return { sizes: wanted, policy: { axes, keep_aspect_ratio_policy: 'not_larger' } };
}

/** Along each axis, positions to gather or a matrix of weights to multiply with: what `resize` makes of one dimension. */
function axisByAxis(node: ExportedNode): Call {
  const sizes = node.attributes.numbers('sizes');
  const isNearest = node.attributes.string('mode', 'nearest') === 'nearest';
  const resample = isNearest ? gatherAlong : multiplyAlong;
  const resized = sizes.reduce<Term>(
    (x, _, axis) => resample(node, x, axis, [...sizes.slice(0, axis), ...node.sizes(0).slice(axis)]),
    node.input(0),
  );
  return resized.kind === 'call' ? resized : identity(resized);
}

function gatherAlong(node: ExportedNode, x: Term, axis: number, shape: readonly number[]): Term {
  const every = Array.from({ length: shape[axis] ?? 0 }, (_, i) => i);
  const positions = resampleRow(node, axis, every);
  return isSame(positions, every) ? x : call('Gather', [x, integers(positions)], { axis });
}

/** [outer, from, inner] from the left by weights [to, from], whose columns are what becomes of unit vectors. */
function multiplyAlong(node: ExportedNode, x: Term, axis: number, shape: readonly number[]): Term {
  const from = shape[axis] ?? 0;
  const units = Array.from({ length: from }, (_, i) => Array.from({ length: from }, (_, j) => Number(i === j)));
  const columns = units.map((unit) => resampleRow(node, axis, unit));
  if (columns.every((column, i) => isSame(column, units[i] ?? []))) return x;
  const to = columns[0]?.length ?? 0;
  const weights = Array.from({ length: to * from }, (_, i) => columns[i % from]?.[Math.floor(i / from)] ?? 0);
  const rows = reshape(x, [count(shape.slice(0, axis)), from, count(shape.slice(axis + 1))]);
  const product = call('MatMul', [literal(tensorOf(node.dtype, [to, from], weights)), rows]);
  return reshape(product, shape.with(axis, to));
}

/** Elements that lie along an axis, resized as those of the node are. */
function resampleRow(node: ExportedNode, axis: number, row: readonly number[]): number[] {
  const [sizes, scales] = ['sizes', 'scales'].map((name) => [node.attributes.numbers(name)[axis] ?? 1]);
  const attributes = { ...node.given, sizes: sizes ?? [], scales: scales ?? [] };
  return evaluateNode('resize', attributes, [tensorOf('float64', [row.length], row)]).flatMap(numbersOf);
}

const count = (sizes: readonly number[]): number => sizes.reduce((product, size) => product * size, 1);

const isSame = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((value, i) => value === b[i]);
