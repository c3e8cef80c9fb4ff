import type { Runner } from '../../ir/trial.ts';

export type Outputs = ReturnType<Runner['run']>;

/**
 * E ||y' - y||^2 / E ||y - mean y||^2 over samples, of the output where it is largest: the error over what varies from
 * input to input, so that an output which is much the same for all inputs (boxes around anchors) is not fitted by that
 * alone. Of a single sample E ||y||^2 stands below. Values that are not finite in the original are left out; where only the
 * other is not finite, the error is infinite.
 */
export function relativeError(original: readonly Outputs[], changed: readonly Outputs[]): number {
  const names = Object.keys(original[0] ?? {});
  return Math.max(0, ...names.map((name) => errorOf(name, original, changed)));
}

function errorOf(name: string, original: readonly Outputs[], changed: readonly Outputs[]): number {
  const mean = original.length > 1 ? meanOf(name, original) : undefined;
  let error = 0;
  let power = 0;
  original.forEach((outputs, i) => {
    const [y, z] = [outputs[name], changed[i]?.[name]];
    for (let j = 0; j < (y?.length ?? 0); j++) {
      const value = Number(y?.[j]);
      if (!Number.isFinite(value)) continue;
      error += (Number(z?.[j]) - value) ** 2;
      power += (value - (mean?.[j] ?? 0)) ** 2;
    }
  });
  if (Number.isNaN(error)) return Number.POSITIVE_INFINITY;
  return error === 0 ? 0 : error / power;
}

/** Of every element over the samples, those that are not finite left out. */
function meanOf(name: string, samples: readonly Outputs[]): Float64Array {
  const size = samples[0]?.[name]?.length ?? 0;
  const sum = new Float64Array(size);
  const count = new Float64Array(size);
  for (const outputs of samples) {
    for (let j = 0; j < size; j++) {
      const value = Number(outputs[name]?.[j]);
      if (!Number.isFinite(value)) continue;
      sum[j] = (sum[j] ?? 0) + value;
      count[j] = (count[j] ?? 0) + 1;
    }
  }
  return sum.map((v, j) => v / Math.max(1, count[j] ?? 0));
}
