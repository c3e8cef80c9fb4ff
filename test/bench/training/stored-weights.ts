import { exportOnnx } from '../../../compiler/1-ingest/onnx/export.ts';
import { optimise } from '../../../compiler/3-compress/pipeline.ts';
import { chooseEncoding } from '../../../compiler/3-compress/plan/choose-encoding.ts';
import { noPrices } from '../../../compiler/3-compress/plan/prices.ts';
import { makeQuantise } from '../../../compiler/3-compress/plan/quantise.ts';
import { compile } from '../../../compiler/compile.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { makeRunner } from '../../../compiler/trial/make-runner.ts';
import { measureAccuracy } from '../compression/measure-bundle.ts';
import type { OpenStudyData } from './data.ts';
import { parametersOf } from './train-arm.ts';
import { calibrationOf } from './truncate.ts';

/** int8 by output; int4 in groups of 32 inputs, rounding compensated (GPTQ) on training images. Biases stay float32. */
export type StoredKind = 'int8' | 'int4';

/** What the weights of a network take as float32, norms folded. */
export const floatBytes = (graph: Graph): number => 4 * parametersOf(optimise(graph).graph);

/** What they take in fewer bits: codes and scales, before any compression of bytes. */
export function storedBytes(graph: Graph, kind: StoredKind): number {
  const folded = optimise(graph).graph;
  const encoding = chooseEncoding(kind, noPrices);
  return bytesAfter(makeQuantise([], makeRunner)(folded, { encoding }).actions, folded);
}

/** A bundle that lcc builds of the network, and the test images on it. Weights alone are stored in integers. */
export async function buildStored(
  graph: Graph,
  kind: StoredKind,
  data: OpenStudyData,
): Promise<{ readonly bytes: number; readonly accuracy: number }> {
  // with calibration data int8 would have integer inputs, too
  const calibration = kind === 'int4' ? { calibration: calibrationOf(data.train) } : {};
  const bundle = await compile(exportOnnx(graph), { target: 'mobile-wasm', quantize: kind, ...calibration });
  return {
    bytes: bytesAfter(bundle.report.compression?.actions ?? [], optimise(graph).graph),
    accuracy: 100 * (await measureAccuracy(bundle, data.test)),
  };
}

/** Numbers that no action stores stay float32. */
function bytesAfter(
  actions: readonly { readonly bits: { readonly before: number; readonly after: number } }[],
  graph: Graph,
): number {
  const saved = actions.reduce((sum, { bits }) => sum + bits.before - bits.after, 0);
  return 4 * parametersOf(graph) - saved / 8;
}
