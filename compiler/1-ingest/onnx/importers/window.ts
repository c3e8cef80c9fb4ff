import { OpError } from '../../../ops/op.ts';
import { type OnnxNode, Unsupported } from '../node.ts';

/** Where a window lies along each spatial dimension. pads: all begins, then all ends. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
}

/** What Conv and the pools share: kernel_shape, strides, dilations, pads, and auto_pad in place of pads. */
export function readWindow(node: OnnxNode, spatial: readonly number[], kernel: readonly number[]): Window {
  const strides = perDimension(node, 'strides', spatial, 1);
  const dilations = perDimension(node, 'dilations', spatial, 1);
  if (kernel.length !== spatial.length) {
    throw new OpError(`kernel [${kernel.join(',')}] for ${spatial.length} spatial dimensions`);
  }
  const pads = readPads(node, spatial, kernel, strides, dilations);
  return { kernel, strides, dilations, pads };
}

export function perDimension(node: OnnxNode, name: string, spatial: readonly number[], fallback: number): number[] {
  const values = node.ints(name) ?? spatial.map(() => fallback);
  if (values.length !== spatial.length) {
    throw new OpError(`${name} [${values.join(',')}] for ${spatial.length} spatial dimensions`);
  }
  return values;
}

export type AutoPad = 'NOTSET' | 'VALID' | 'SAME_UPPER' | 'SAME_LOWER';

export function readAutoPad(node: OnnxNode): AutoPad {
  const mode = node.string('auto_pad', 'NOTSET');
  if (mode === 'NOTSET' || mode === 'VALID' || mode === 'SAME_UPPER' || mode === 'SAME_LOWER') return mode;
  throw new Unsupported(`auto_pad is "${mode}"`);
}

function readPads(
  node: OnnxNode,
  spatial: readonly number[],
  kernel: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
): number[] {
  const mode = readAutoPad(node);
  if (mode === 'NOTSET') return explicitPads(node, spatial);
  if (mode === 'VALID') return spatial.flatMap(() => [0, 0]);
  const totals = spatial.map((size, i) => {
    const stride = strides[i] ?? 1;
    const reach = ((kernel[i] ?? 1) - 1) * (dilations[i] ?? 1) + 1;
    return Math.max(0, (Math.ceil(size / stride) - 1) * stride + reach - size);
  });
  return splitPads(totals, mode === 'SAME_UPPER');
}

export function explicitPads(node: OnnxNode, spatial: readonly number[]): number[] {
  const pads = node.ints('pads') ?? spatial.flatMap(() => [0, 0]);
  if (pads.length === 2 * spatial.length) return pads;
  throw new OpError(`pads [${pads.join(',')}] for ${spatial.length} spatial dimensions`);
}

/** Begins and ends of total paddings; the odd one goes to the end, or to the begin. */
export function splitPads(totals: readonly number[], isOddAtEnd: boolean): number[] {
  const halves = totals.map((total) => Math.floor(total / 2));
  const rests = totals.map((total, i) => total - (halves[i] ?? 0));
  return isOddAtEnd ? [...halves, ...rests] : [...rests, ...halves];
}
