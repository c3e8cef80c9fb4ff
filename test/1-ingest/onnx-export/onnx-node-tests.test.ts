import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { exportOnnx } from '../../../compiler/1-ingest/onnx/export.ts';
import type { Tensor } from '../../../compiler/tensor/tensor.ts';
import { evaluated, misses, numbersIn, roundTripped } from '../../harness/exported-op.ts';
import {
  type OnnxNodeTest,
  onnxNodeTestFolder,
  readOnnxNodeTest,
  runOnnxNodeTest,
} from '../../harness/onnx-node-tests.ts';
import { isMissingKernel, runInOnnxRuntime } from '../../harness/onnx-runtime.ts';

const listFile = new URL('../onnx-node-tests.passing.txt', import.meta.url);
const passing = readFileSync(listFile, 'utf8').split('\n').filter(Boolean);
const folder = onnxNodeTestFolder();

const readAll = (): OnnxNodeTest[] =>
  folder === undefined ? [] : passing.map((name) => readOnnxNodeTest(folder, name));

/** Tensors of the inputs that the graph still has: others were bound when it was read. */
const feedsOf = ({ graph, feeds }: OnnxNodeTest): Record<string, Tensor> => {
  const names = graph.inputs.map((id) => graph.values.get(id)!.name);
  return Object.fromEntries(names.map((name) => [name, feeds.get(name)!]));
};

describe.skipIf(folder === undefined)("ONNX's own operator tests, read and written again", () => {
  it('give what is expected when lcc reads them back', () => {
    const faults = readAll().flatMap((test) => {
      const found = runOnnxNodeTest({ ...test, graph: roundTripped(test.graph) });
      return found.map((difference) => `${test.name}: ${difference}`);
    });
    expect(faults).toEqual([]);
  });

  it('compute in onnxruntime-web what they mean, where that has kernels', async () => {
    const tests = readAll().map((test) => ({ ...test, feeds: feedsOf(test) }));
    const answers = await runInOnnxRuntime(tests.map(({ graph, feeds }) => ({ bytes: exportOnnx(graph), feeds })));
    let missing = 0;
    const faults = tests.flatMap(({ name, graph, feeds }, i) => {
      const answer = answers[i]!;
      if ('error' in answer) {
        missing += Number(isMissingKernel(answer.error));
        return isMissingKernel(answer.error) ? [] : [`${name}: ${answer.error}`];
      }
      return [...evaluated(graph, feeds)].flatMap(([output, { type, data: exact }]) => {
        const data = numbersIn({ ...type, data: answer.outputs.get(output)!.data });
        return misses(data, Array.from(exact, Number), type.dtype).map((miss) => `${name}: ${output}${miss}`);
      });
    });
    expect(faults).toEqual([]);
    expect(missing).toBeLessThanOrEqual(12);
  });
});
