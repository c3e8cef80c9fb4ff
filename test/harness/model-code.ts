import { ingestOnnx } from '../../compiler/1-ingest/onnx/ingest.ts';
import { optimise } from '../../compiler/3-compress/pipeline.ts';
import { lower } from '../../compiler/4-lower/lower.ts';
import { generateAllModules, generateCode } from '../../compiler/5-emit/generate-code.ts';
import type { ModelCode } from '../../compiler/5-emit/model-code.ts';
import type { Target } from '../../targets/target.ts';

/** All code that lcc generates for an ONNX model. */
export function modelCodeOf(bytes: Uint8Array, target: Target): ModelCode {
  const { graph } = ingestOnnx({ bytes });
  return generateAllModules(generateCode(lower(optimise(graph).graph), target).code);
}
