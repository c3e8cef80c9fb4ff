import * as tf from '@tensorflow/tfjs';

type Gradients = Record<string, () => tf.Tensor>;
type Saved = readonly [tf.Tensor, tf.Tensor];

/** The gradient of a kernel, in place of `native`, that of tfjs, where it has one. */
export interface Gradient {
  readonly name: string;
  readonly make: (native: tf.GradConfig | undefined) => tf.GradConfig;
}

type Derive = (dy: tf.Tensor, saved: Saved, attrs: tf.NamedAttrMap, native: () => Gradients) => Gradients;

/** Of a kernel of two inputs; `derive` uses tfjs operations only. */
export const gradientOfTwo = (name: string, inputs: readonly [string, string], derive: Derive): Gradient => ({
  name,
  make: (native) => ({
    kernelName: name,
    inputsToSave: [...inputs],
    gradFunc: (dy, saved, attrs) => {
      const [a, b] = saved;
      if (Array.isArray(dy) || !a || !b) throw new Error(`internal: ${name} has one output and two inputs`);
      return derive(dy, [a, b], attrs, () => {
        if (!native) throw new Error(`internal: tfjs has no gradient of ${name}`);
        return native.gradFunc(dy, saved, attrs);
      });
    },
  }),
});

/** Sums what broadcasting repeated: x to `shape`. */
export function sumTo(x: tf.Tensor, shape: number[]): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, x.shape);
  return tf.reshape(axes.length > 0 ? tf.sum(x, axes) : x, shape);
}
