import { type EvaluatedValue, evaluateGraph } from '../../ir/evaluate.ts';
import type { Graph } from '../../ir/graph.ts';
import { type DType, isFloat, type TypedArray } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** What an output must be. Integers and bools are exact. */
export interface Reference {
  readonly name: string;
  readonly dtype: DType;
  readonly expected: TypedArray;
  /** the same with rounding to float32 after each op; where that is not finite, neither need others be */
  readonly rounded: TypedArray;
  /** absolute; 0 for integers */
  readonly tolerance: number;
}

const roundingMargin = 8;
const relativeFloor = 1e-5;

/** Relative spacing of the public type, where it is coarser than float32. */
const spacing: Readonly<Partial<Record<DType, number>>> = { float16: 2 ** -10, bfloat16: 2 ** -7 };

/** Evaluates the graph in float64 and with rounding to float32; their difference sets the tolerance of each output. */
export function evaluateReferences(graph: Graph, feeds: ReadonlyMap<string, Tensor>): Reference[] {
  const exact = evaluateGraph(graph, feeds, 'float64');
  const rounded = evaluateGraph(graph, feeds, 'float32');
  return graph.outputs.map(({ name }) => makeReference(name, find(exact, name), find(rounded, name)));
}

/** Tolerance of a value from its two evaluations: 8 times their difference, at least 1e-5 of the largest magnitude. */
export function toleranceOf(dtype: DType, exact: TypedArray, rounded: TypedArray): number {
  if (!isFloat(dtype)) return 0;
  let difference = 0;
  let magnitude = 0;
  for (let i = 0; i < exact.length; i++) {
    const a = Number(exact[i]);
    const d = Math.abs(a - Number(rounded[i]));
    if (!Number.isFinite(d)) continue;
    difference = Math.max(difference, d);
    magnitude = Math.max(magnitude, Math.abs(a));
  }
  return Math.max(roundingMargin * difference, Math.max(relativeFloor, spacing[dtype] ?? 0) * magnitude);
}

const makeReference = (name: string, exact: EvaluatedValue, rounded: EvaluatedValue): Reference => {
  const { dtype } = exact.type;
  return {
    name,
    dtype,
    expected: exact.data,
    rounded: rounded.data,
    tolerance: toleranceOf(dtype, exact.data, rounded.data),
  };
};

function find(values: ReadonlyMap<string, EvaluatedValue>, name: string): EvaluatedValue {
  const value = values.get(name);
  if (value === undefined) throw new Error(`internal: the evaluator left out output "${name}"`);
  return value;
}
