import { OpError } from '../../../ops/op.ts';
import { cut } from './movement.ts';
import type { OpImporter } from './op-node.ts';

/** One entry of a slice, for one dimension of x or for a new one. */
type Entry =
  | { readonly kind: 'range'; readonly start: number; readonly step: number; readonly size: number }
  | { readonly kind: 'index'; readonly start: number }
  | { readonly kind: 'new' };

/** x[begin:end:step, ...] of numpy, its forms told by bits: all, a new dimension, or one position that vanishes. */
export const importStridedSlice: OpImporter = (node) => {
  const x = node.input(0);
  const sizes = node.sizes(x);
  const begins = node.knownNumbers(1, 'the begin');
  const ends = node.knownNumbers(2, 'the end');
  const steps = node.knownNumbers(3, 'the step');
  const isSet = (mask: string, i: number): boolean => ((node.attributes.int(mask, 0) >> i) & 1) === 1;
  const isEllipsis = begins.map((_, i) => isSet('ellipsis_mask', i));
  const isNew = begins.map((_, i) => isSet('new_axis_mask', i) && !isEllipsis[i]);
  const named = begins.filter((_, i) => !isNew[i] && !isEllipsis[i]).length;
  const left = sizes.length - named;
  if (left < 0) throw new OpError(`${named} entries for [${sizes.join(',')}]`);
  const whole = (size: number): Entry => ({ kind: 'range', start: 0, step: 1, size });
  const entries: Entry[] = [];
  let axis = 0;
  begins.forEach((begin, i) => {
    if (isNew[i]) {
      entries.push({ kind: 'new' });
    } else if (isEllipsis[i]) {
      for (let count = 0; count < left; count++) entries.push(whole(sizes[axis++] ?? 0));
    } else {
      const size = sizes[axis++] ?? 0;
      const step = steps[i] ?? 1;
      if (isSet('shrink_axis_mask', i)) entries.push({ kind: 'index', start: positionOf(begin, size) });
      else {
        const from = isSet('begin_mask', i) ? undefined : begin;
        entries.push(rangeOf(from, isSet('end_mask', i) ? undefined : (ends[i] ?? 0), step, size));
      }
    }
  });
  while (axis < sizes.length) entries.push(whole(sizes[axis++] ?? 0));
  const kept = entries.filter((entry) => entry.kind !== 'new');
  const part = cut(
    node,
    x,
    kept.map(({ start }) => start),
    kept.map((entry) => (entry.kind === 'range' ? entry.size : 1)),
    kept.map((entry) => (entry.kind === 'range' ? entry.step : 1)),
  );
  const shape = entries.flatMap((entry) => (entry.kind === 'new' ? [1] : entry.kind === 'range' ? [entry.size] : []));
  return node.reshape(part, shape);
};

function positionOf(begin: number, size: number): number {
  const position = begin < 0 ? begin + size : begin;
  if (position < 0 || position >= size) throw new OpError(`position ${begin} of a dimension of ${size}`);
  return position;
}

/** Clamped as in numpy; undefined is the end that the step comes from or goes to. */
function rangeOf(begin: number | undefined, end: number | undefined, step: number, size: number): Entry {
  if (step === 0) throw new OpError('a step of 0');
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const clamp = (at: number): number => Math.min(high, Math.max(low, at < 0 ? at + size : at));
  const start = begin === undefined ? (step > 0 ? 0 : size - 1) : clamp(begin);
  const stop = end === undefined ? (step > 0 ? size : -1) : clamp(end);
  const length = Math.max(0, Math.ceil((stop - start) / step));
  return { kind: 'range', start: length === 0 ? 0 : start, step, size: length };
}
