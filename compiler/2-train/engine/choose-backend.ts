import * as tf from '@tensorflow/tfjs';
import { backendNotAvailable } from '../../diagnostics/train.ts';
import type { BackendName } from './backend-names.ts';
import { registerGradients } from './gradients.ts';
import { useWasm } from './wasm-backend.ts';
import { mendWebGpuKernels } from './webgpu-kernels.ts';

export interface ChosenBackend {
  readonly name: BackendName;
  /** why it is this one, such as `tfjs-node-gpu is not installed; ...` */
  readonly reason: string;
}

/** Loads an optional package; rejects where it is missing or does not work here. */
export type LoadPackage = (name: string) => Promise<unknown>;

const importPackage: LoadPackage = (name) => import(name);

/** A way to compute. `open` makes tfjs compute on it, or says why it cannot. */
interface Candidate {
  readonly name: BackendName;
  open(load: LoadPackage, isForced: boolean): Promise<undefined | string>;
}

const candidates: readonly Candidate[] = [
  { name: 'tfjs-node-gpu', open: (load) => openNode(load, '@tensorflow/tfjs-node-gpu', true) },
  { name: 'tfjs-node', open: (load) => openNode(load, '@tensorflow/tfjs-node', false) },
  { name: 'webgpu', open: openWebGpu },
  { name: 'wasm', open: async () => ((await useWasm()) ? undefined : 'its wasm module does not load') },
];

/**
 * The first of CUDA, native CPU code, a GPU behind WebGPU, and wasm that is installed and computes; a `forced` one or none.
 * @throws LccError LCC8008 where the forced one does not work
 */
export async function chooseBackend(forced?: BackendName, load: LoadPackage = importPackage): Promise<ChosenBackend> {
  const failures: string[] = [];
  for (const { name, open } of candidates) {
    if (forced !== undefined && name !== forced) continue;
    const failure = await open(load, forced !== undefined).catch(reasonOf);
    const wrong = failure ?? (await whatIsWrong());
    if (wrong === undefined) {
      registerGradients();
      const reason = forced === undefined ? failures.join('; ') || 'the first that was tried' : 'as asked for';
      return { name, reason };
    }
    failures.push(`${name} ${wrong}`);
  }
  throw backendNotAvailable(forced ?? 'any', failures);
}

const reasonOf = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error);
  const isMissing =
    typeof error === 'object' && error !== null && 'code' in error && /NOT_FOUND/.test(String(error.code));
  return isMissing ? 'is not installed' : `does not load: ${message.split('\n')[0]}`;
};

/** TensorFlow itself, by its C library. */
async function openNode(load: LoadPackage, name: string, needsGpu: boolean): Promise<string | undefined> {
  await load(name);
  if (!(await tf.setBackend('tensorflow'))) return 'has no backend';
  const backend: object = tf.backend();
  const hasGpu = 'isUsingGpuDevice' in backend && backend.isUsingGpuDevice === true;
  return needsGpu && !hasGpu ? 'sees no GPU' : undefined;
}

interface Gpu {
  requestAdapter(): Promise<{ readonly info?: object } | null>;
}

const isGpu = (value: unknown): value is Gpu =>
  typeof value === 'object' && value !== null && 'requestAdapter' in value;

/** Adapters that compute on the CPU: wasm is faster. */
const software = /swiftshader|llvmpipe|lavapipe|basic render|cpu/i;

/** Dawn through the package `webgpu`; an adapter that computes on the CPU only where this backend is asked for. */
async function openWebGpu(load: LoadPackage, isForced: boolean): Promise<string | undefined> {
  const dawn = await load('webgpu');
  if (typeof dawn !== 'object' || dawn === null || !('create' in dawn) || typeof dawn.create !== 'function')
    return 'has no create()';
  const gpu: unknown = dawn.create([]);
  if ('globals' in dawn && typeof dawn.globals === 'object') Object.assign(globalThis, dawn.globals);
  const adapter = isGpu(gpu) ? await gpu.requestAdapter() : null;
  if (!adapter) return 'finds no adapter';
  const info = adapter.info ?? {};
  const texts = ['vendor', 'architecture', 'device', 'description'].map((key) => String(Reflect.get(info, key) ?? ''));
  const isSoftware = Reflect.get(info, 'isFallbackAdapter') === true || texts.some((text) => software.test(text));
  if (isSoftware && !isForced) return `has a software adapter only (${texts.filter(Boolean).join(' ')})`;
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  await load('@tensorflow/tfjs-backend-webgpu');
  mendWebGpuKernels();
  return (await tf.setBackend('webgpu')) ? undefined : 'has no backend';
}

/** Whether the backend computes what it should. */
async function whatIsWrong(): Promise<string | undefined> {
  const product = tf.tidy(() => tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]])));
  const [value] = await product.data();
  product.dispose();
  return value === 11 ? undefined : `computes 1 3 + 2 4 = ${value}`;
}
