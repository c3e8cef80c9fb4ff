import { describe, expect, test } from 'vitest';
import { ingestOnnx } from '../../compiler/1-ingest/onnx/ingest.ts';
import { optimise } from '../../compiler/3-compress/pipeline.ts';
import { lower } from '../../compiler/4-lower/lower.ts';
import { evaluateProgram } from '../harness/evaluate-program.ts';
import { compare, referenceModel, referenceModelNames } from '../harness/reference-models.ts';

describe.each(referenceModelNames)('%s', (name) => {
  const model = referenceModel(name);
  test.skipIf(model === undefined)('lowered kernels agree with the reference outputs', () => {
    const { graph } = ingestOnnx({ bytes: model!.bytes, file: model!.file });
    const program = lower(optimise(graph).graph);
    for (const { inputs, outputs } of model!.cases) {
      const results = evaluateProgram(program, Object.fromEntries([...inputs].map(([k, v]) => [k, v.data])));
      for (const [output, expected] of outputs) {
        const { worst, scale } = compare(results.get(output)!, expected);
        expect(worst, output).toBeLessThanOrEqual(2e-5 * scale);
      }
    }
  });
});
