import type { ValueId } from '../../../ir/graph.ts';
import { OpError } from '../../../ops/op.ts';
import type { Importer, OnnxNode } from '../node.ts';

interface Scaling {
  readonly scales: readonly number[];
  readonly sizes: readonly number[];
}

/** Upsample, and Resize of opset 10, know one way to find a source: y / scale, rounded down where it is the nearest. */
const early = { coordinates: 'asymmetric', nearestMode: 'floor' } as const;

export const importUpsample: Importer = (node) => {
  const scales = node.floats('scales') ?? node.knownNumbers(1, 'scales');
  if (scales === undefined) throw new OpError('Upsample needs its scales');
  const x = node.input(0);
  return emitResize(node, x, scaledBy(node.sizes(x), scales), { mode: readMode(node), ...early });
};

export const importResize: Importer = (node) => {
  const x = node.input(0);
  const sizes = node.sizes(x);
  const mode = readMode(node);
  if (node.opset < 11) {
    const scales = node.knownNumbers(1, 'scales');
    if (scales === undefined) throw new OpError('Resize needs its scales');
    return emitResize(node, x, scaledBy(sizes, scales), { mode, ...early });
  }
  const axes = node.axesOf(node.ints('axes') ?? sizes.map((_, i) => i), sizes.length);
  const coordinates = node.string('coordinate_transformation_mode', 'half_pixel');
  return emitResize(node, x, readScaling(node, sizes, axes), {
    mode,
    coordinates,
    nearestMode: node.string('nearest_mode', 'round_prefer_floor'),
    cubicCoeff: node.float('cubic_coeff_a', -0.75),
    excludeOutside: node.flag('exclude_outside'),
    extrapolation: node.float('extrapolation_value', 0),
    antialias: node.flag('antialias'),
    roi: coordinates === 'tf_crop_and_resize' ? readRegion(node, sizes, axes) : [],
  });
};

/** 'bilinear' is how the first Upsample spelt it. */
function readMode(node: OnnxNode): string {
  const mode = node.string('mode', 'nearest');
  return mode === 'bilinear' ? 'linear' : mode;
}

type Sampling = Readonly<Record<string, number | string | boolean | readonly number[]>>;

function emitResize(node: OnnxNode, x: ValueId, { scales, sizes }: Scaling, sampling: Sampling): ValueId {
  const isWhole = scales.every((scale) => scale === 1) && node.sizes(x).every((size, i) => size === sizes[i]);
  if (isWhole && sampling.coordinates !== 'tf_crop_and_resize') return x;
  return node.emit('resize', [x], { sizes, scales, ...sampling });
}

/** Output size = floor(input size * scale), the product in float32 as in ONNX. */
function scaledBy(sizes: readonly number[], scales: readonly number[]): Scaling {
  if (scales.length !== sizes.length || !scales.every((scale) => scale > 0)) {
    throw new OpError(`scales [${scales.join(',')}] for [${sizes.join(',')}]`);
  }
  return { scales, sizes: sizes.map((size, i) => Math.floor(Math.fround(size * (scales[i] ?? 1)))) };
}

/** Inputs: x, roi, scales, sizes; one of the last two is given, for the dimensions in `axes`. */
function readScaling(node: OnnxNode, sizes: readonly number[], axes: readonly number[]): Scaling {
  const scales = node.knownNumbers(2, 'scales');
  if (scales !== undefined && scales.length > 0) {
    requireOnePerAxis('scales', scales, axes);
    return scaledBy(
      sizes,
      sizes.map((_, i) => scales[axes.indexOf(i)] ?? 1),
    );
  }
  const wanted = node.knownNumbers(3, 'sizes');
  if (wanted === undefined) throw new OpError('Resize needs scales or sizes');
  requireOnePerAxis('sizes', wanted, axes);
  const ratio = (i: number) => (wanted[axes.indexOf(i)] ?? sizes[i] ?? 0) / Math.max(1, sizes[i] ?? 1);
  const policy = node.string('keep_aspect_ratio_policy', 'stretch');
  if (policy === 'stretch') {
    return { scales: sizes.map((_, i) => ratio(i)), sizes: sizes.map((size, i) => wanted[axes.indexOf(i)] ?? size) };
  }
  const ratios = axes.map(ratio);
  const scale = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
  return {
    scales: sizes.map((_, i) => (axes.includes(i) ? scale : 1)),
    sizes: sizes.map((size, i) => (axes.includes(i) ? Math.floor(size * scale + 0.5) : size)),
  };
}

/** Region of interest, starts then ends, in fractions of the input. */
function readRegion(node: OnnxNode, sizes: readonly number[], axes: readonly number[]): number[] {
  const roi = node.knownNumbers(1, 'roi') ?? [];
  if (roi.length !== 2 * axes.length) throw new OpError(`roi [${roi.join(',')}] for ${axes.length} dimensions`);
  const starts = sizes.map((_, i) => roi[axes.indexOf(i)] ?? 0);
  const ends = sizes.map((_, i) => (axes.includes(i) ? (roi[axes.indexOf(i) + axes.length] ?? 1) : 1));
  return [...starts, ...ends];
}

function requireOnePerAxis(name: string, values: readonly number[], axes: readonly number[]): void {
  if (values.length !== axes.length) throw new OpError(`${name} [${values.join(',')}] for ${axes.length} dimensions`);
}
