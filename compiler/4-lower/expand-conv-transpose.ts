import type { ValueId } from '../ir/graph.ts';
import type { Rewriter, Rule } from '../rewrite/rebuild.ts';
import { numbersOf, tensorOf } from '../tensor/convert.ts';
import { shapeOf, sizesOf } from '../tensor/shape.ts';
import { pickElements } from '../tensor/stored.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Per spatial dimension: stride s, taps per phase t = ceil(k / s), pad p and the positions q computed of each phase. */
interface Phase {
  readonly stride: number;
  readonly kernel: number;
  readonly taps: number;
  readonly pad: number;
  readonly input: number;
  readonly output: number;
  readonly positions: number;
}

/**
 * A transposed convolution with constant weights as a convolution that computes all s phases of the output at once,
 * y_r[q] = sum over t of x[q - t] w[r + s t], and a shuffle of the phases: out[o] = y_((o + p) mod s)[floor((o + p) / s)].
 * Dilated ones keep their own meaning.
 */
export const expandConvTranspose: Rule = ({ node, inputs }, rewriter) => {
  const [x, weightId, biasId] = inputs;
  const [output] = node.outputs;
  const weights = weightId === undefined ? undefined : rewriter.known(weightId);
  const bias = biasId === undefined ? undefined : rewriter.known(biasId);
  if (node.op !== 'convTranspose' || x === undefined || output === undefined || !weights) return undefined;
  const numbers = (name: string): readonly number[] => {
    const value = node.attributes[name];
    return Array.isArray(value) ? value : [];
  };
  if (numbers('dilations').some((d) => d !== 1) || (biasId !== undefined && !bias)) return undefined;
  const [pads, strides, padding] = [numbers('pads'), numbers('strides'), numbers('outputPadding')];
  const kernel = sizesOf(weights.shape).slice(2);
  const space = sizesOf(rewriter.typeOf(x).shape).slice(2);
  const phases = space.map((input, d): Phase => {
    const [stride, pad, k] = [strides[d] ?? 1, pads[d] ?? 0, kernel[d] ?? 1];
    const length = (input - 1) * stride + k - pad - (pads[space.length + d] ?? 0) + (padding[d] ?? 0);
    const positions = Math.max(input, Math.ceil((length + pad) / stride));
    return { stride, kernel: k, taps: Math.ceil(k / stride), pad, input, output: length, positions };
  });
  const groups = Number(node.attributes.group ?? 1);
  const named = (id: ValueId | undefined) => (id === undefined ? undefined : rewriter.nameOf(id));
  const phaseWeights = rewriter.constant(weightsByPhase(weights, phases, groups), named(weightId));
  const phaseBias = bias ? [rewriter.constant(biasByPhase(bias, phases, groups), named(biasId))] : [];
  const convolved = rewriter.add(
    'conv',
    [x, phaseWeights, ...phaseBias],
    {
      strides: space.map(() => 1),
      dilations: space.map(() => 1),
      pads: [...phases.map((p) => p.taps - 1), ...phases.map((p) => p.positions - p.input)],
      group: groups,
    },
    node.name,
  );
  return [shuffle(convolved, phases, groups, rewriter, node.name)];
};

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

/** Mixed-radix digits of `i`, most significant first. */
function digits(i: number, sizes: readonly number[]): number[] {
  const found: number[] = [];
  let rest = i;
  for (const size of [...sizes].reverse()) {
    found.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return found;
}

const flat = (index: readonly number[], sizes: readonly number[]): number =>
  index.reduce((position, i, d) => position * (sizes[d] ?? 1) + i, 0);

/** w [C, M / g, k...] -> [g (r...) M / g, C / g, t...], taps reversed, zero beyond the kernel; in the form of w. */
function weightsByPhase(w: Tensor, phases: readonly Phase[], groups: number): Tensor {
  const sizes = sizesOf(w.shape);
  const [channels, columns] = [(sizes[0] ?? 0) / groups, sizes[1] ?? 0];
  const [strides, taps] = [phases.map((p) => p.stride), phases.map((p) => p.taps)];
  const shape = [groups, ...strides, columns, channels, ...taps];
  const places = Int32Array.from({ length: product(shape) }, (_, i) => {
    const at = digits(i, shape);
    const [g, r, m, c] = [
      at[0] ?? 0,
      at.slice(1, 1 + phases.length),
      at[1 + phases.length] ?? 0,
      at[2 + phases.length] ?? 0,
    ];
    const k = phases.map((p, d) => (r[d] ?? 0) + p.stride * (p.taps - 1 - (at[3 + phases.length + d] ?? 0)));
    return k.every((v, d) => v < (phases[d]?.kernel ?? 0)) ? flat([g * channels + c, m, ...k], sizes) : -1;
  });
  const whole = [groups * product(strides) * columns, channels, ...taps];
  if (w.dtype === 'float32') return pickElements(w, shapeOf(whole), places);
  const source = numbersOf(w);
  return tensorOf(
    w.dtype,
    whole,
    Array.from(places, (place) => source[place] ?? 0),
  );
}

/** b [M] -> [g (r...) M / g]. */
function biasByPhase(b: Tensor, phases: readonly Phase[], groups: number): Tensor {
  const source = numbersOf(b);
  const columns = source.length / groups;
  const repeats = product(phases.map((p) => p.stride));
  const values = Array.from({ length: source.length * repeats }, (_, i) => {
    const [g, , m] = digits(i, [groups, repeats, columns]);
    return source[(g ?? 0) * columns + (m ?? 0)] ?? 0;
  });
  return tensorOf(b.dtype, [values.length], values);
}

/** [N, g (r...) M / g, q...] -> [N, M, o...]: phases between positions, then the pads cut off. */
function shuffle(x: ValueId, phases: readonly Phase[], groups: number, rewriter: Rewriter, name: string): ValueId {
  const [batch, all] = sizesOf(rewriter.typeOf(x).shape);
  const strides = phases.map((p) => p.stride);
  const columns = (all ?? 0) / groups / product(strides);
  const n = phases.length;
  const positions = phases.map((p) => p.positions);
  const parts = rewriter.add('reshape', [x], { shape: [batch ?? 1, groups, ...strides, columns, ...positions] }, name);
  const perm = [0, 1, 2 + n, ...phases.flatMap((_, d) => [3 + n + d, 2 + d])];
  const mixed = rewriter.add('transpose', [parts], { perm }, name);
  const shape = [batch ?? 1, groups * columns, ...phases.map((p) => p.positions * p.stride)];
  const whole = rewriter.add('reshape', [mixed], { shape }, name);
  const starts = [0, 0, ...phases.map((p) => p.pad)];
  const sizes = [batch ?? 1, groups * columns, ...phases.map((p) => p.output)];
  return rewriter.add('slice', [whole], { starts, steps: starts.map(() => 1), sizes }, name);
}
