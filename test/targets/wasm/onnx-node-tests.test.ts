import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { optimise } from '../../../compiler/3-compress/pipeline.ts';
import { lower } from '../../../compiler/4-lower/lower.ts';
import { printType } from '../../../compiler/tensor/tensor.ts';
import { onnxNodeTestFolder, readOnnxNodeTest } from '../../harness/onnx-node-tests.ts';
import { differences } from '../../harness/op-program.ts';
import { runWasm } from '../../harness/run-wasm.ts';

/** ONNX's own operator tests, compiled: what the evaluator passes must pass as wasm too. */
const listFile = new URL('../../1-ingest/onnx-node-tests.passing.txt', import.meta.url);
const folder = onnxNodeTestFolder();

describe('ONNX node tests on wasm', () => {
  const names = readFileSync(listFile, 'utf8').split('\n').filter(Boolean);
  it.skipIf(folder === undefined).each(names)('%s', (name) => {
    const { graph, feeds, expected } = readOnnxNodeTest(folder!, name);
    const program = lower(optimise(graph).graph);
    const results = runWasm(program, 'simd', Object.fromEntries(feeds));
    for (const [output, tensor] of expected) {
      const result = results.get(output)!;
      expect(printType(result)).toBe(printType(tensor));
      expect(differences(result, tensor, 1e-3), output).toEqual([]);
    }
  });
});
