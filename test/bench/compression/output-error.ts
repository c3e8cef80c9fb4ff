import type { Model } from '../../../runtime/abi.ts';

type Inputs = Parameters<Model['run']>[0];

/** Of the outputs of two models on the same inputs, of the output where it is largest; shares. */
export interface OutputError {
  /** || y' - y || / || y ||, over all inputs */
  readonly relative: number;
  /** the same over what varies from input to input, || y - mean y ||: what the planner limits */
  readonly centred: number;
  readonly byOutput: Readonly<Record<string, { readonly relative: number; readonly centred: number }>>;
}

/** Relative L2 errors of `changed` against `original`. */
export async function measureOutputError(
  original: Model,
  changed: Model,
  inputs: readonly Inputs[],
): Promise<OutputError> {
  const sums = new Map<string, { error: number; power: number; total: Float64Array }>();
  for (const feeds of inputs) {
    const expected = await original.run(feeds);
    const actual = await changed.run(feeds);
    for (const [name, y] of Object.entries(expected)) {
      const sum = sums.get(name) ?? { error: 0, power: 0, total: new Float64Array(y.length) };
      sums.set(name, sum);
      for (let i = 0; i < y.length; i++) {
        const value = Number(y[i]);
        sum.error += (Number(actual[name]?.[i]) - value) ** 2;
        sum.power += value ** 2;
        sum.total[i] = (sum.total[i] ?? 0) + value;
      }
    }
  }
  const byOutput = Object.fromEntries(
    [...sums].map(([name, { error, power, total }]) => {
      // sum (y - mean)^2 = sum y^2 - n mean^2
      const common = total.reduce((sum, v) => sum + v * v, 0) / inputs.length;
      return [name, { relative: Math.sqrt(error / power), centred: Math.sqrt(error / (power - common)) }];
    }),
  );
  const worst = (kind: 'relative' | 'centred') => Math.max(...Object.values(byOutput).map((one) => one[kind]));
  return { relative: worst('relative'), centred: worst('centred'), byOutput };
}
