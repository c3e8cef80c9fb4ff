import * as tf from '@tensorflow/tfjs';
import { batchMatMul } from './batch-mat-mul.ts';
import { binaryKernels } from './binary.ts';
import { conv2DBackpropFilter } from './conv2d-backprop-filter.ts';
import { conv2DBackpropInput } from './conv2d-backprop-input.ts';
import { depthwiseKernels } from './depthwise-backprop.ts';
import { einsum } from './einsum.ts';
import { gather } from './gather.ts';
import { identityKernels } from './identity.ts';
import { poolKernels } from './pool-gradients.ts';
import { pow } from './pow.ts';
import { reduceKernels } from './reduce-rows.ts';
import { select } from './select.ts';
import { tile } from './tile.ts';
import { transpose } from './transpose.ts';
import { unaryKernels } from './unary.ts';
import { unsortedSegmentSum } from './unsorted-segment-sum.ts';
import { requireOne, type WasmBackend, type WasmKernel } from './wasm-kernel.ts';

const kernels: readonly WasmKernel[] = [
  batchMatMul,
  ...binaryKernels,
  conv2DBackpropFilter,
  conv2DBackpropInput,
  ...depthwiseKernels,
  einsum,
  gather,
  ...poolKernels,
  ...identityKernels,
  pow,
  ...reduceKernels,
  select,
  tile,
  transpose,
  ...unaryKernels,
  unsortedSegmentSum,
];

const mark: unique symbol = Symbol.for('lcc: wasm kernels');

/**
 * Gives tfjs's wasm backend (single-threaded, as in Node) the kernels that gradients need and it lacks, and faster ones
 * for some it has. Before or after the backend starts; a second call changes nothing.
 */
export function registerWasmKernels(): void {
  for (const kernel of kernels) registerKernel(kernel);
}

function registerKernel({ name, compute }: WasmKernel): void {
  const native = tf.getKernel(name, 'wasm');
  if (native && mark in native) return;
  if (native) tf.unregisterKernel(name, 'wasm');
  const config: tf.KernelConfig & { [mark]: true } = {
    ...native,
    kernelName: name,
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs = {}, backend }) => {
      const given = inputs as Record<string, tf.TensorInfo>;
      return compute({ inputs: given, attrs, backend: backend as WasmBackend }, (otherInputs = {}, otherAttrs = {}) => {
        if (!native) throw new Error(`internal: tfjs has no wasm kernel ${name}`);
        return requireOne(
          native.kernelFunc({ inputs: { ...given, ...otherInputs }, attrs: { ...attrs, ...otherAttrs }, backend }),
        );
      });
    },
    [mark]: true,
  };
  tf.registerKernel(config);
}
