import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { registerGradients } from './gradients.ts';
import { registerWasmKernels } from './wasm-kernels/index.ts';

/** Makes tfjs compute on its wasm backend, with the kernels that training needs. */
export async function useWasm(): Promise<boolean> {
  const { resolve } = createRequire(import.meta.url);
  setWasmPaths(join(dirname(resolve('@tensorflow/tfjs-backend-wasm')), '/'));
  registerWasmKernels();
  registerGradients();
  return tf.setBackend('wasm');
}
