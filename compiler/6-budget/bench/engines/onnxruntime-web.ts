import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { packageMissing } from '../../../diagnostics/cli.ts';
import type { Engine, OpenInPage } from './engine.ts';

/** What the page uses of onnxruntime-web. */
interface OnnxRuntimeModule {
  readonly env: { readonly wasm: { numThreads: number; wasmPaths: string }; logLevel: string };
  readonly Tensor: new (dtype: string, data: ArrayBufferView, shape: readonly number[]) => object;
  readonly InferenceSession: {
    create(
      path: string,
      options: object,
    ): Promise<{ run(feeds: object): Promise<Record<string, { getData(): Promise<ArrayLike<number>> }>> }>;
  };
}

const open: OpenInPage = async ({ backend, feeds, outputs, load }) => {
  const file = backend === 'wasm' ? 'ort.wasm.min.mjs' : 'ort.webgpu.min.mjs';
  const ort = (await load(`/onnxruntime/${file}`)) as OnnxRuntimeModule;
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = `${location.origin}/onnxruntime/`;
  ort.env.logLevel = 'error';
  const session = await ort.InferenceSession.create('/model.onnx', { executionProviders: [backend] });
  const tensors = Object.fromEntries(
    feeds.map(({ name, dtype, data, shape }) => [name, new ort.Tensor(dtype, data, shape)]),
  );
  const run = async () => {
    const results = await session.run(tensors);
    return Promise.all(outputs.map(async (name) => (await results[name]?.getData()) ?? []));
  };
  return { backend, run };
};

/** onnxruntime-web (an optional package), on one thread. @param model the ONNX file */
export const onnxRuntimeEngine = (model: Uint8Array): Engine<'onnxruntime-web'> => ({
  name: 'onnxruntime-web',
  open,
  site: async () => ({ folders: { '/onnxruntime/': onnxRuntimeFolder() }, files: { '/model.onnx': model } }),
});

/** The folder with its builds for the web. @throws LccError LCC0007 */
export function onnxRuntimeFolder(): string {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));
    if (existsSync(join(folder, 'ort.wasm.min.mjs'))) return folder;
  } catch {
    // Reported below: not installed and installed without this build are the same to the reader.
  }
  throw packageMissing('onnxruntime-web');
}
