import { expect, it } from 'vitest';
import { exportOnnx } from '../../../compiler/1-ingest/onnx/export.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { OpError } from '../../../compiler/ops/op.ts';
import { tensorOf } from '../../../compiler/tensor/convert.ts';
import { type DType, dtypes, isFloat } from '../../../compiler/tensor/dtype.ts';
import { sizesOf } from '../../../compiler/tensor/shape.ts';
import { printType, type Tensor } from '../../../compiler/tensor/tensor.ts';
import { evaluated, misses, numbersIn, opGraph, roundTripped } from '../../harness/exported-op.ts';
import { isMissingKernel, runInOnnxRuntime } from '../../harness/onnx-runtime.ts';
import type { OpCase } from '../../ops/case.ts';
import { opCases } from '../../ops/cases.ts';

/** One case of each op, kind, mode and number of inputs, without fill values that only floats have. */
const representative: readonly OpCase[] = [
  ...new Map(
    opCases
      .filter((c) => !c.special && c.attributes.value === undefined && c.inputs.some((x) => x.dtype === 'float32'))
      .map((c) => [`${c.op} ${c.attributes.kind} ${c.attributes.mode} ${c.inputs.length}`, c] as const)
      .reverse(),
  ).values(),
];

const asElement: Readonly<Record<'float' | 'signed' | 'unsigned' | 'bool', (x: number) => number>> = {
  float: (x) => x,
  signed: Math.round,
  unsigned: (x) => Math.abs(Math.round(x)),
  bool: (x) => Number(x > 0),
};

const retyped = (tensor: Tensor, dtype: DType): Tensor =>
  tensor.dtype === 'float32'
    ? tensorOf(dtype, sizesOf(tensor.shape), numbersIn(tensor).map(asElement[dtypes[dtype].kind]))
    : tensor;

interface Typed {
  readonly id: string;
  readonly graph: Graph;
  readonly feeds: Readonly<Record<string, Tensor>>;
}

/** undefined where the op does not take the type */
function typed(c: OpCase, dtype: DType): Typed | undefined {
  try {
    const inputs = c.inputs.map((tensor) => retyped(tensor, dtype));
    return { id: `${c.op}: ${c.name} of ${dtype}`, ...opGraph({ ...c, inputs }, false) };
  } catch (error) {
    if (error instanceof OpError) return undefined;
    throw error;
  }
}

const cases = representative.flatMap((c) =>
  (Object.keys(dtypes) as DType[]).map((dtype) => typed(c, dtype)).filter((found) => found !== undefined),
);

it('every op of every element type that it takes is written, read again, and computes the same', () => {
  expect(cases.length).toBeGreaterThan(500);
  const faults = cases.flatMap(({ id, graph, feeds }) => {
    const before = evaluated(graph, feeds).get('y')!;
    const after = evaluated(roundTripped(graph), feeds).get('y')!;
    const isSameType = printType(before.type) === printType(after.type);
    const found = misses(after.data, Array.from(before.data, Number), before.type.dtype);
    return isSameType && found.length === 0 ? [] : [`${id}: ${printType(after.type)} ${found.join(', ')}`];
  });
  expect(faults).toEqual([]);
});

/** Interpolated integers are float32 sums that are truncated. */
const mayBeOneOff = (graph: Graph): boolean =>
  graph.nodes.some(({ op, attributes }) => op === 'resize' && attributes.mode !== 'nearest');

it('onnxruntime-web finds the models valid, and computes the same where it has kernels', async () => {
  const answers = await runInOnnxRuntime(cases.map(({ graph, feeds }) => ({ bytes: exportOnnx(graph), feeds })));
  let ran = 0;
  const faults = cases.flatMap(({ id, graph, feeds }, i) => {
    const answer = answers[i]!;
    if ('error' in answer) return isMissingKernel(answer.error) ? [] : [`${id}: ${answer.error}`];
    ran++;
    const expected = evaluated(graph, feeds).get('y')!;
    const { dtype, shape } = expected.type;
    const data = numbersIn({ dtype, shape, data: answer.outputs.get('y')!.data });
    const rounding = !isFloat(dtype) && mayBeOneOff(graph) ? 1 : 0;
    const found = misses(data, Array.from(expected.data, Number), dtype, rounding);
    return found.length > 0 ? [`${id}: ${found.join(', ')}`] : [];
  });
  expect(faults).toEqual([]);
  expect(ran).toBeGreaterThan(600);
});
