import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, test } from 'vitest';
import { chooseBackend, type LoadPackage } from '../../../compiler/2-train/engine/choose-backend.ts';

const missing = (name: string): never => {
  throw Object.assign(new Error(`Cannot find package '${name}'`), { code: 'ERR_MODULE_NOT_FOUND' });
};

/** What these packages do when they are loaded; all others are missing. */
const packages =
  (found: Readonly<Record<string, () => unknown>>): LoadPackage =>
  async (name) =>
    Object.hasOwn(found, name) ? found[name]!() : missing(name);

/** Registers tfjs's own JavaScript backend under TensorFlow's name, as the native packages do theirs. */
function registerAsTensorflow(isUsingGpuDevice: boolean): void {
  tf.registerBackend('tensorflow', () => Object.assign(tf.engine().findBackend('cpu'), { isUsingGpuDevice }));
  for (const kernel of tf.getKernelsForBackend('cpu')) {
    if (!tf.getKernel(kernel.kernelName, 'tensorflow')) tf.registerKernel({ ...kernel, backendName: 'tensorflow' });
  }
}

afterEach(() => {
  if (tf.findBackendFactory('tensorflow') !== null) tf.removeBackend('tensorflow');
});

describe('where training runs', () => {
  test('on wasm where nothing else is installed, and says why', async () => {
    const chosen = await chooseBackend(undefined, packages({}));
    expect(chosen).toEqual({
      name: 'wasm',
      reason: 'tfjs-node-gpu is not installed; tfjs-node is not installed; webgpu is not installed',
    });
    expect(tf.getBackend()).toBe('wasm');
  });

  test('on CUDA where it is installed and sees a GPU', async () => {
    const load = packages({ '@tensorflow/tfjs-node-gpu': () => registerAsTensorflow(true) });
    expect(await chooseBackend(undefined, load)).toEqual({ name: 'tfjs-node-gpu', reason: 'the first that was tried' });
    expect(tf.getBackend()).toBe('tensorflow');
  });

  test('without a GPU the CUDA package is passed over', async () => {
    const load = packages({
      '@tensorflow/tfjs-node-gpu': () => registerAsTensorflow(false),
      '@tensorflow/tfjs-node': () => registerAsTensorflow(false),
    });
    const chosen = await chooseBackend(undefined, load);
    expect(chosen).toEqual({ name: 'tfjs-node', reason: 'tfjs-node-gpu sees no GPU' });
  });

  test('a package that does not load is passed over', async () => {
    const load = packages({
      '@tensorflow/tfjs-node-gpu': () => {
        throw new Error('libcudart.so.11.0: cannot open shared object file\nmore');
      },
    });
    const { name, reason } = await chooseBackend(undefined, load);
    expect(name).toBe('wasm');
    expect(reason).toContain('tfjs-node-gpu does not load: libcudart.so.11.0: cannot open shared object file;');
  });

  test('a software WebGPU adapter is passed over', async () => {
    const adapter = { info: { vendor: 'google', architecture: 'swiftshader', isFallbackAdapter: true } };
    const load = packages({ webgpu: () => ({ create: () => ({ requestAdapter: async () => adapter }) }) });
    const { name, reason } = await chooseBackend(undefined, load);
    expect(name).toBe('wasm');
    expect(reason).toContain('webgpu has a software adapter only (google swiftshader)');
  });

  test('a backend that computes wrongly is passed over', async () => {
    const load = packages({
      '@tensorflow/tfjs-node': () => {
        registerAsTensorflow(false);
        tf.unregisterKernel('BatchMatMul', 'tensorflow');
        tf.registerKernel({
          kernelName: 'BatchMatMul',
          backendName: 'tensorflow',
          kernelFunc: () => tf.tensor2d([[0]]),
        });
      },
    });
    const { name, reason } = await chooseBackend(undefined, load);
    tf.unregisterKernel('BatchMatMul', 'tensorflow');
    expect(name).toBe('wasm');
    expect(reason).toContain('tfjs-node computes 1 3 + 2 4 = 0');
  });

  test('a forced one that is missing is an error', async () => {
    await expect(chooseBackend('tfjs-node-gpu', packages({}))).rejects.toThrow(
      [
        'LCC8008: Training cannot run on tfjs-node-gpu.',
        '  - tfjs-node-gpu is not installed',
        '  Next: Install the package beside lcc, or leave --backend out: wasm needs nothing.',
      ].join('\n'),
    );
  });

  test('a forced one that works is taken', async () => {
    expect(await chooseBackend('wasm', packages({}))).toEqual({ name: 'wasm', reason: 'as asked for' });
  });
});
