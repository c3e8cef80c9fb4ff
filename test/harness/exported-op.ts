import { exportOnnx } from '../../compiler/1-ingest/onnx/export.ts';
import { ingestOnnx } from '../../compiler/1-ingest/onnx/ingest.ts';
import { GraphBuilder } from '../../compiler/ir/build.ts';
import { type EvaluatedValue, evaluateGraph } from '../../compiler/ir/evaluate.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import { decodeData } from '../../compiler/tensor/convert.ts';
import { type DType, isFloat } from '../../compiler/tensor/dtype.ts';
import type { Tensor } from '../../compiler/tensor/tensor.ts';
import type { OpCase } from '../ops/case.ts';

type Feeds = Readonly<Record<string, Tensor>>;

/** A graph of one op with the output y. `constants`: all inputs but the first are known. */
export function opGraph(
  { op, attributes, inputs }: OpCase,
  constants: boolean,
): { readonly graph: Graph; readonly feeds: Feeds } {
  const builder = new GraphBuilder(op);
  const feeds: Record<string, Tensor> = {};
  const ids = inputs.map((tensor, i) => {
    if (constants && i > 0) return builder.constant(tensor);
    feeds[`x${i}`] = tensor;
    return builder.input(`x${i}`, { dtype: tensor.dtype, shape: tensor.shape });
  });
  builder.output('y', builder.add(op, ids, attributes));
  return { graph: builder.build(), feeds };
}

/** What the graph computes in float64, by output. */
export const evaluated = (graph: Graph, feeds: Feeds): Map<string, EvaluatedValue> =>
  evaluateGraph(graph, new Map(Object.entries(feeds)), 'float64');

/** The graph that lcc reads from what it wrote. */
export const roundTripped = (graph: Graph): Graph => ingestOnnx({ bytes: exportOnnx(graph) }).graph;

/** Relative spacing of a float type, at least what rounding after several float32 operations leaves. */
const spacing: Readonly<Partial<Record<DType, number>>> = { float16: 2 ** -9, bfloat16: 2 ** -6 };

export const numbersIn = (tensor: Tensor): number[] => Array.from(decodeData(tensor), Number);

/**
 * Elements that are not `expected`, the first few: floats within 1e-5 of the largest or the spacing of their type, others
 * within `rounding`.
 */
export function misses(
  actual: ArrayLike<number | bigint>,
  expected: readonly number[],
  dtype: DType,
  rounding = 0,
): string[] {
  if (actual.length !== expected.length) return [`${actual.length} elements instead of ${expected.length}`];
  const finite = expected.filter(Number.isFinite).map(Math.abs);
  const allowed = isFloat(dtype) ? (spacing[dtype] ?? 1e-5) * finite.reduce((a, b) => Math.max(a, b), 1e-3) : rounding;
  return expected
    .flatMap((want, i) => {
      const got = Number(actual[i]);
      const isSame = Object.is(got, want) || got === want || Math.abs(got - want) <= allowed;
      return isSame ? [] : [`[${i}] ${got} instead of ${want}`];
    })
    .slice(0, 3);
}
