import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import type { Target } from '../../targets/target.ts';
import { emitWasm } from '../../targets/wasm/emit.ts';
import { lower } from '../4-lower/lower.ts';
import { generateAllModules, generateCode } from '../5-emit/generate-code.ts';
import { emitWeights } from '../5-emit/weights.ts';
import type { Graph } from '../ir/graph.ts';
import type { MeasureSize, ShippedSize } from '../ir/trial.ts';
import { groupByChannel } from '../tensor/groups.ts';
import { storePalette } from '../tensor/palette.ts';
import { storeFloat16, storeInteger } from '../tensor/stored.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { estimateMilliseconds } from './estimate-time.ts';

const compress = promisify(brotliCompress);

/** Beyond this a lower quality stands in for brotli 11, which takes seconds a megabyte and saves a few percent. */
const quickBytes = 600_000;

/** The largest constants each in another form. */
function storedInEveryForm(graph: Graph): Graph {
  const largest = [...graph.constants].sort(([, a], [, b]) => b.data.length - a.data.length);
  const forms = [
    storeFloat16,
    (tensor: Tensor) => storeInteger(tensor, 8, groupByChannel(tensor.shape)),
    (tensor: Tensor) => storePalette(tensor, 16),
  ];
  const stored = new Map(
    forms.flatMap((form, i) => {
      const [id, tensor] = largest[i] ?? [];
      return id === undefined || !tensor ? [] : [[id, form(tensor)] as const];
    }),
  );
  return { ...graph, constants: new Map([...graph.constants].map(([id, tensor]) => [id, stored.get(id) ?? tensor])) };
}

const brotliBytes = async (bytes: Uint8Array): Promise<number> => {
  const quality = bytes.length > quickBytes ? 9 : 11;
  return (await compress(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } })).length;
};

/** The same with the decoders of all forms that weights may be stored in. */
export const estimateScript = (graph: Graph, target: Target): Promise<number> =>
  measureScript(storedInEveryForm(graph), target);

/** Brotli bytes of the index.js of a graph's bundle. */
export async function measureScript(graph: Graph, target: Target): Promise<number> {
  const { code } = generateCode(lower(graph), target);
  const whole = generateAllModules(code);
  const { bundleEntry } = await import('../5-emit/bundle-entry.ts');
  const { printEntry } = await import('../5-emit/print-entry.ts');
  const script = await bundleEntry(printEntry(whole, 'beside'), target.syntax, { kind: 'module' });
  return brotliBytes(new TextEncoder().encode(script));
}

/**
 * Sizes as a planner needs them, without bundling: `script` is what index.js takes, which differs little from one
 * variant of a model to the next. Milliseconds are estimated.
 */
export const makeMeasureSize =
  (target: Target, script: number): MeasureSize =>
  async (graph: Graph): Promise<ShippedSize> => {
    const program = lower(graph);
    const features = target.wasm.modules.at(-1);
    const isWasm = target.backends.includes('wasm') && features !== undefined;
    const wasm = isWasm ? brotliBytes(emitWasm(program, features).bytes) : 0;
    const weights = await brotliBytes(emitWeights(program.name, program.constants).bytes);
    return {
      code: script + (await wasm),
      weights,
      macs: program.macs,
      milliseconds: estimateMilliseconds(program, target),
      memory: program.constants.size + program.arenaBytes,
    };
  };
