import type { Optimiser } from './optimiser.ts';

/** Stochastic gradient descent: v <- momentum v + g + decay w, w <- w - rate v. Matrices decay, values per channel do not. */
export const sgd =
  ({ momentum, weightDecay }: { readonly momentum: number; readonly weightDecay: number }): Optimiser =>
  (shape) => {
    const velocities = new Float32Array(shape.reduce((product, n) => product * n, 1));
    const decay = shape.length > 1 ? weightDecay : 0;
    return (values, gradient, rate) => {
      for (let i = 0; i < values.length; i++) {
        const value = values[i] ?? 0;
        const velocity = momentum * (velocities[i] ?? 0) + (gradient[i] ?? 0) + decay * value;
        velocities[i] = velocity;
        values[i] = value - rate * velocity;
      }
    };
  };
