import { expect, it } from 'vitest';
import { ingestOnnx } from '../../../compiler/1-ingest/onnx/ingest.ts';
import { optimise } from '../../../compiler/3-compress/pipeline.ts';
import { lower } from '../../../compiler/4-lower/lower.ts';
import { describeInBrowser } from '../../harness/browser.ts';
import { compare, referenceModel, referenceModelNames } from '../../harness/reference-models.ts';
import { runOnGpu } from './run-on-gpu.ts';

describeInBrowser('reference models on WebGPU', (browser) => {
  for (const name of referenceModelNames) {
    const model = referenceModel(name);
    it.skipIf(model === undefined)(`${name} agrees with its reference outputs`, async () => {
      const { graph } = ingestOnnx({ bytes: model!.bytes, file: model!.file });
      const program = lower(optimise(graph).graph);
      const [first] = model!.cases;
      const feeds = Object.fromEntries([...first!.inputs].map(([input, { data }]) => [input, data]));
      const [result] = await runOnGpu(browser(), [{ program, feeds }]);
      if (!result || 'error' in result) throw new Error(result?.error);
      for (const [output, expected] of first!.outputs) {
        const { worst, scale } = compare(result.outputs.get(output)!, expected);
        expect(worst, output).toBeLessThanOrEqual(2e-5 * scale);
      }
    });
  }
});
