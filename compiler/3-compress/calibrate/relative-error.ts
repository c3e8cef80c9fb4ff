import type { Runner } from '../../ir/trial.ts';

export type Outputs = ReturnType<Runner['run']>;

/**
 * E ||y' - y||^2 / E ||y||^2 over samples, of the output where it is largest. Values that are not finite in the original
 * are left out; where only the other is not finite, the error is infinite.
 */
export function relativeError(original: readonly Outputs[], changed: readonly Outputs[]): number {
  const names = Object.keys(original[0] ?? {});
  return Math.max(0, ...names.map((name) => errorOf(name, original, changed)));
}

function errorOf(name: string, original: readonly Outputs[], changed: readonly Outputs[]): number {
  let error = 0;
  let power = 0;
  original.forEach((outputs, i) => {
    const [y, z] = [outputs[name], changed[i]?.[name]];
    for (let j = 0; j < (y?.length ?? 0); j++) {
      const value = Number(y?.[j]);
      if (!Number.isFinite(value)) continue;
      error += (Number(z?.[j]) - value) ** 2;
      power += value * value;
    }
  });
  if (Number.isNaN(error)) return Number.POSITIVE_INFINITY;
  return error === 0 ? 0 : error / power;
}
