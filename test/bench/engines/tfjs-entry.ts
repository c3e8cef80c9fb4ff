import '@tensorflow/tfjs-backend-wasm';
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { setBackend, tensor } from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import type { TfjsModule } from './page.ts';

/** What an app takes of tfjs to run a layers model on wasm, and no more. */
export const open: TfjsModule['open'] = async (file, wasm) => {
  setWasmPaths(wasm);
  setThreadsCount(1);
  await setBackend('wasm');
  const model = await loadLayersModel(file);
  return async (data, shape) => {
    const image = tensor(data, [...shape]);
    const output = model.predict(image);
    const values = Array.isArray(output) ? output[0]?.data() : output.data();
    const found = (await values) ?? [];
    image.dispose();
    for (const one of [output].flat()) one.dispose();
    return found;
  };
};
