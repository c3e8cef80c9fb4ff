import { type EvaluatedValue, evaluateGraph } from '../../compiler/ir/evaluate.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import type { Tensor } from '../../compiler/tensor/tensor.ts';

/** Outputs by name, as numbers. */
export type Outputs = ReadonlyMap<string, ArrayLike<number>>;

export const numbers = (values: ReadonlyMap<string, EvaluatedValue>): Outputs =>
  new Map([...values].map(([name, { data }]) => [name, Array.from(data, Number)]));

/** Per output: 16 times what rounding to float32 after each op changes, at least 2e-5 of the largest value. */
export function tolerances(graph: Graph, feeds: ReadonlyMap<string, Tensor>, exact: Outputs): Map<string, number> {
  const rounded = numbers(evaluateGraph(graph, feeds, 'float32'));
  return new Map(
    [...exact].map(([name, values]) => {
      let [scale, difference] = [0.01, 0];
      Array.from(values).forEach((v, i) => {
        if (!Number.isFinite(v)) return;
        scale = Math.max(scale, Math.abs(v));
        difference = Math.max(difference, Math.abs(v - (rounded.get(name)?.[i] ?? v)));
      });
      return [name, Math.max(16 * difference, 2e-5 * scale)];
    }),
  );
}

/** One line per output that is further from `exact` than allowed. */
export function disagreements(actual: Outputs, exact: Outputs, allowed: ReadonlyMap<string, number>): string[] {
  return [...exact].flatMap(([name, wanted]) => {
    const given = actual.get(name) ?? [];
    const bad = Array.from(wanted, (want, i) => ({ i, want, got: given[i] ?? Number.NaN })).filter(
      ({ want, got }) => !Object.is(want, got) && !(Math.abs(got - want) <= (allowed.get(name) ?? 0)),
    );
    const [first] = bad;
    return first
      ? [`${name}: ${bad.length} of ${wanted.length}, [${first.i}] ${first.got} instead of ${first.want}`]
      : [];
  });
}
