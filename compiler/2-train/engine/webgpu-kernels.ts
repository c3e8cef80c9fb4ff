import * as tf from '@tensorflow/tfjs';

/** Kernels of two operands that broadcast. */
const binary = [
  tf.Add,
  tf.Sub,
  tf.Multiply,
  tf.RealDiv,
  tf.Maximum,
  tf.Minimum,
  tf.SquaredDifference,
  tf.Pow,
  tf.Equal,
  tf.NotEqual,
  tf.Greater,
  tf.GreaterEqual,
  tf.Less,
  tf.LessEqual,
];
/** Dimensions of the vectors that WGSL has. */
const mostIndexed = 4;

const mark: unique symbol = Symbol.for('lcc: webgpu kernels');

/**
 * tfjs's programs for a vector beside an operand of five or more dimensions index what WGSL cannot (`vec5`) and compute
 * nothing: the vector comes with as many dimensions, for which there is another program. A second call changes nothing.
 */
export function mendWebGpuKernels(): void {
  for (const name of binary) {
    const native = tf.getKernel(name, 'webgpu');
    if (!native || mark in native) continue;
    const config: tf.KernelConfig & { [mark]: true } = {
      ...native,
      kernelFunc: ({ inputs, attrs, backend }) => {
        const { a, b } = inputs as Record<'a' | 'b', tf.TensorInfo>;
        const rank = Math.max(a.shape.length, b.shape.length);
        const wide = rank > mostIndexed ? { a: asRank(a, rank), b: asRank(b, rank) } : { a, b };
        return native.kernelFunc({ inputs: wide, ...(attrs && { attrs }), backend });
      },
      [mark]: true,
    };
    tf.unregisterKernel(name, 'webgpu');
    tf.registerKernel(config);
  }
}

const asRank = (x: tf.TensorInfo, rank: number): tf.TensorInfo => ({
  ...x,
  shape: [...new Array<number>(rank - x.shape.length).fill(1), ...x.shape],
});
