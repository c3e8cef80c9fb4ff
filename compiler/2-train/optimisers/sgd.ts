import type { Optimiser } from './optimiser.ts';

export interface SgdOptions {
  readonly rate?: number;
  readonly momentum?: number;
  readonly nesterov?: boolean;
  /** coupled: part of the gradient (L2) */
  readonly weightDecay?: number;
}

/**
 * Stochastic gradient descent with momentum (Sutskever et al. 2013): g += decay w, v = momentum v + g, w -= rate v, or
 * rate (g + momentum v) with Nesterov's.
 */
export function sgd(options: SgdOptions = {}): Optimiser {
  const { rate = 0.01, momentum = 0.9, nesterov = false, weightDecay = 0 } = options;
  return {
    name: 'sgd',
    rate,
    start({ size, decays }) {
      const velocities = new Float32Array(size);
      const decay = decays ? weightDecay : 0;
      return {
        memory: [velocities],
        step(values, gradient, by) {
          for (let i = 0; i < values.length; i++) {
            const value = values[i] ?? 0;
            const slope = (gradient[i] ?? 0) + decay * value;
            const velocity = momentum * (velocities[i] ?? 0) + slope;
            velocities[i] = velocity;
            values[i] = value - by * (nesterov ? slope + momentum * velocity : velocity);
          }
        },
      };
    },
  };
}
