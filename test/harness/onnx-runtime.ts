import { runInChild } from '../../compiler/5-emit/parity/run-child.ts';
import type { TypedArray } from '../../compiler/tensor/dtype.ts';
import { sizesOf } from '../../compiler/tensor/shape.ts';
import type { Tensor } from '../../compiler/tensor/tensor.ts';

export interface RuntimeModel {
  readonly bytes: Uint8Array;
  readonly feeds: Readonly<Record<string, Tensor>>;
}

/** Outputs by name, or why onnxruntime does not run the model. */
export type RuntimeAnswer =
  | { readonly outputs: ReadonlyMap<string, { readonly dtype: string; readonly data: TypedArray }> }
  | { readonly error: string };

/** It has no kernel for many an element type (9: not implemented), and its JavaScript no bfloat16 tensors. */
export const isMissingKernel = (error: string): boolean =>
  error.includes('ERROR_CODE: 9') || error.includes('unsupported data type: 16');

/** Runs each model once in onnxruntime-web, on wasm, one thread, all in one process of their own. */
export async function runInOnnxRuntime(models: readonly RuntimeModel[]): Promise<readonly RuntimeAnswer[]> {
  const request = models.map(({ bytes, feeds }) => ({
    bytes,
    feeds: Object.entries(feeds).map(([name, { dtype, shape, data }]) => ({ name, dtype, data, dims: sizesOf(shape) })),
  }));
  const runtime = import.meta.resolve('onnxruntime-web');
  const answers = (await runInChild(script, { runtime, models: request })) as readonly (
    | { readonly outputs: readonly (readonly [string, { readonly dtype: string; readonly data: TypedArray }])[] }
    | { readonly error: string }
  )[];
  return answers.map((answer) => ('error' in answer ? answer : { outputs: new Map(answer.outputs) }));
}

const script = `
const answer = async ({ runtime, models }) => {
  const { InferenceSession, Tensor, env } = await import(runtime);
  env.wasm.numThreads = 1;
  env.logLevel = 'fatal';
  const answers = [];
  for (const { bytes, feeds } of models) {
    try {
      const session = await InferenceSession.create(bytes, { executionProviders: ['wasm'], logSeverityLevel: 4 });
      const tensors = feeds.map(({ name, dtype, data, dims }) => [name, new Tensor(dtype, data, dims)]);
      const results = await session.run(Object.fromEntries(tensors));
      const outputs = Object.entries(results).map(([name, { type, data }]) => [name, { dtype: type, data }]);
      answers.push({ outputs });
      await session.release();
    } catch (error) {
      answers.push({ error: String(error?.message ?? error) });
    }
  }
  return answers;
};`;
