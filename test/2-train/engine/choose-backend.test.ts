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

/** Registers tfjs's own JavaScript backend under another name. */
function registerCpuAs(backendName: string, properties: object): void {
  tf.registerBackend(backendName, () => Object.assign(tf.engine().findBackend('cpu'), properties));
  for (const kernel of tf.getKernelsForBackend('cpu')) {
    if (!tf.getKernel(kernel.kernelName, backendName)) tf.registerKernel({ ...kernel, backendName });
  }
}

/** As the native packages do theirs. */
const registerAsTensorflow = (isUsingGpuDevice: boolean): void => registerCpuAs('tensorflow', { isUsingGpuDevice });

const { navigator } = globalThis;

afterEach(() => {
  for (const name of ['tensorflow', 'webgpu']) {
    if (tf.findBackendFactory(name) !== null) tf.removeBackend(name);
    for (const { kernelName } of tf.getKernelsForBackend(name)) tf.unregisterKernel(kernelName, name);
  }
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
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

  const gpus = (info: object): LoadPackage =>
    packages({
      webgpu: () => ({ create: () => ({ requestAdapter: async () => ({ info }) }) }),
      '@tensorflow/tfjs-backend-webgpu': () => registerCpuAs('webgpu', {}),
    });
  const software = { vendor: 'google', architecture: 'swiftshader', isFallbackAdapter: true };

  test('a software WebGPU adapter is passed over, but where it is asked for', async () => {
    const { name, reason } = await chooseBackend(undefined, gpus(software));
    expect(name).toBe('wasm');
    expect(reason).toContain('webgpu has a software adapter only (google swiftshader)');
    expect(await chooseBackend('webgpu', gpus(software))).toEqual({ name: 'webgpu', reason: 'as asked for' });
    expect(tf.getBackend()).toBe('webgpu');
  });

  test('on a GPU behind WebGPU, where a vector beside five dimensions has as many itself', async () => {
    const shapes: number[][] = [];
    registerCpuAs('webgpu', {});
    const { kernelFunc, ...native } = tf.getKernel(tf.Add, 'webgpu');
    tf.unregisterKernel(tf.Add, 'webgpu');
    tf.registerKernel({
      ...native,
      kernelFunc: (call) => {
        shapes.push([...(call.inputs.b as tf.TensorInfo).shape]);
        return kernelFunc(call);
      },
    });
    const { name } = await chooseBackend(undefined, gpus({ vendor: 'nvidia', architecture: 'hopper' }));
    expect(name).toBe('webgpu');
    const sum = tf.add(tf.ones([2, 1, 2, 1, 3]), tf.tensor1d([1, 2, 3]));
    expect([...sum.dataSync().slice(0, 3)]).toEqual([2, 3, 4]);
    tf.add(tf.ones([2, 3]), tf.tensor1d([1, 2, 3]));
    expect(shapes).toEqual([[1, 1, 1, 1, 3], [3]]);
  });

  test('gradients of the smaller of two operands are sums on every backend', async () => {
    await chooseBackend(undefined, gpus({ vendor: 'nvidia', architecture: 'hopper' }));
    const gradient = tf.grad((x) =>
      tf.sum(
        tf.minimum(
          tf.tensor2d([
            [1, 5],
            [2, 6],
          ]),
          x,
        ),
      ),
    )(tf.tensor2d([[3, 3]]));
    expect([...gradient.dataSync()]).toEqual([0, 2]);
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
