import { add, binary, cast, constant, type Expr, like, mul, reduce, select, table } from '../../kernel/expr.ts';
import { type Axis, addIndex, type Index, makeAxis, scaleIndex, valueIndex } from '../../kernel/index-expr.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { dim } from '../../tensor/shape.ts';
import { printType, tensorType } from '../../tensor/tensor.ts';
import { given } from '../given.ts';
import { type AttributeReader, defineOp, OpError, type Operand } from '../op.ts';
import { listedIndex } from '../position-list.ts';
import { requireFamily, requireIntegers, requireLength, requireOneOf } from '../requirements.ts';
import { coordinateModes, nearestModes, nearestPosition, type Stretch, sourceCoordinate } from './coordinates.ts';
import { makeTaps, type Tap } from './taps.ts';

const parse = (a: AttributeReader) => ({
  sizes: a.numbers('sizes'),
  scales: a.numbers('scales'),
  mode: requireOneOf('resize', 'mode', a.string('mode', 'nearest'), ['nearest', 'linear', 'cubic']),
  coordinates: requireOneOf('resize', 'coordinates', a.string('coordinates', 'half_pixel'), coordinateModes),
  nearestMode: requireOneOf('resize', 'nearestMode', a.string('nearestMode', 'round_prefer_floor'), nearestModes),
  cubicCoeff: a.number('cubicCoeff', -0.75),
  excludeOutside: a.boolean('excludeOutside', false),
  extrapolation: a.number('extrapolation', 0),
  roi: a.numbers('roi', []),
  antialias: a.boolean('antialias', false),
});
type ResizeAttributes = ReturnType<typeof parse>;

/** What one output dimension reads: its taps, and the positions that lie outside the region and are extrapolated. */
interface Dimension {
  readonly axis: Axis;
  readonly size: number;
  readonly taps: readonly Tap[];
  readonly isOutside: readonly boolean[];
}

/** x resampled to `sizes` (ONNX Resize). Positions and weights are worked out here, once, per dimension. */
export const resize = defineOp('resize', {
  class: 'other',
  tolerance: 'rounding',
  inputs: ['x'],
  parse,
  infer([x], { sizes, scales, mode, coordinates, roi }) {
    const rank = x.shape.length;
    requireLength('resize', 'sizes', sizes, rank);
    requireLength('resize', 'scales', scales, rank);
    requireIntegers('resize', 'sizes', sizes, 0);
    if (!scales.every((s) => s > 0)) throw new OpError(`resize: scales must be above 0, not [${scales.join(',')}]`);
    if (coordinates === 'tf_crop_and_resize') requireLength('resize', 'roi', roi, 2 * rank);
    if (mode !== 'nearest') requireFamily('resize', 'x', x, 'numeric');
    if (x.shape.some((d, i) => d.size === 0 && given(sizes[i]) > 0)) {
      throw new OpError(`resize: nothing to resample in ${printType(x)}`);
    }
    return tensorType(
      x.dtype,
      x.shape.map((d, i) => (d.size === sizes[i] ? d : dim(given(sizes[i])))),
    );
  },
  meaning([x], axes, attributes) {
    const dimensions = axes.map((axis, i) => resample(axis, i, x, attributes));
    const dtype = attributes.mode === 'nearest' || isFloat(x.type.dtype) ? x.type.dtype : 'float32';
    const value = cast(
      x.type.dtype,
      interpolate(dimensions, [], (index) => cast(dtype, x.at(index))),
    );
    return dimensions.reduce((inside, d) => extrapolate(d, inside, attributes.extrapolation), value);
  },
});

function resample(axis: Axis, i: number, x: Operand, a: ResizeAttributes): Dimension {
  const [size, scale] = [given(x.sizes[i]), given(a.scales[i])];
  const to = axis.extent.size;
  const stretch: Stretch = { from: size, to, scale, start: a.roi[i] ?? 0, end: a.roi[i + x.sizes.length] ?? 1 };
  // nearest decides on float32 coordinates, as other runtimes do: in float64 a quotient meant to be whole may miss it
  const round = a.mode === 'nearest' ? Math.fround : (v: number): number => v;
  const coordinates = Array.from({ length: to }, (_, o) => sourceCoordinate(a.coordinates, o, stretch, round));
  const isOutside = coordinates.map((c) => a.coordinates === 'tf_crop_and_resize' && (c < 0 || c > size - 1));
  if (a.mode !== 'nearest')
    return { axis, size, taps: makeTaps({ ...a, kind: a.mode }, coordinates, size, scale), isOutside };
  const positions = coordinates.map((c) => Math.min(Math.max(nearestPosition(a.nearestMode, c), 0), size - 1));
  return { axis, size, taps: [{ positions, weights: positions.map(() => 1) }], isOutside };
}

/** More taps than these are summed in a loop. */
const unrolledTaps = 4;

/** Sum over the taps of the first dimension of weight times the sum over the taps of the rest. */
function interpolate(
  dimensions: readonly Dimension[],
  chosen: readonly Index[],
  at: (index: readonly Index[]) => Expr,
): Expr {
  const [first, ...rest] = dimensions;
  if (first === undefined) return at(chosen);
  const below = (position: Index): Expr => interpolate(rest, [...chosen, position], at);
  if (first.taps.length > unrolledTaps) return loopOverTaps(first, below);
  return first.taps
    .map((tap) => weighted(below(listedIndex(tap.positions, first.axis, first.size)), tap.weights, first.axis))
    .reduce(add);
}

function weighted(value: Expr, weights: readonly number[], axis: Axis): Expr {
  const uniform = weights[0] ?? 1;
  if (weights.some((w) => w !== uniform)) return mul(value, cast(value.dtype, table('float32', weights, axis)));
  return uniform === 1 ? value : mul(value, like(value, uniform));
}

function loopOverTaps({ axis, size, taps }: Dimension, below: (position: Index) => Expr): Expr {
  const tap = makeAxis('tap', dim(taps.length));
  const entry = addIndex(scaleIndex(axis, taps.length), tap);
  const interleave = (of: (t: Tap) => readonly number[]): number[] =>
    Array.from({ length: axis.extent.size }, (_, o) => taps.map((t) => given(of(t)[o]))).flat();
  const value = below(
    valueIndex(
      table(
        'int32',
        interleave((t) => t.positions),
        entry,
      ),
      size,
    ),
  );
  return reduce(
    'sum',
    [tap],
    mul(
      value,
      cast(
        value.dtype,
        table(
          'float32',
          interleave((t) => t.weights),
          entry,
        ),
      ),
    ),
  );
}

function extrapolate({ axis, isOutside }: Dimension, inside: Expr, value: number): Expr {
  if (!isOutside.includes(true)) return inside;
  const outside = table('int32', isOutside.map(Number), axis);
  return select(binary('ne', outside, constant('int32', 0)), like(inside, value), inside);
}
