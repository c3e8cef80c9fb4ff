import type { Optimiser } from './optimiser.ts';

export interface AdamOptions {
  readonly rate?: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  readonly weightDecay?: number;
}

/** Adam (Kingma and Ba 2015, algorithm 1); weight decay is coupled: part of the gradient (L2). */
export const adam = (options: AdamOptions = {}): Optimiser => makeAdam('adam', options, false);

/** Adam with decoupled weight decay: w -= rate decay w beside the step (Loshchilov and Hutter 2019, algorithm 2). */
export const adamW = (options: AdamOptions = {}): Optimiser =>
  makeAdam('adamW', { weightDecay: 0.01, ...options }, true);

function makeAdam(name: string, options: AdamOptions, isDecoupled: boolean): Optimiser {
  const { rate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 } = options;
  return {
    name,
    rate,
    start({ size, decays }) {
      const means = new Float32Array(size);
      const squares = new Float32Array(size);
      const steps = new Float32Array(1);
      const decay = decays ? weightDecay : 0;
      return {
        memory: [means, squares, steps],
        step(values, gradient, by) {
          const count = (steps[0] ?? 0) + 1;
          steps[0] = count;
          const meanScale = 1 / (1 - beta1 ** count);
          const squareScale = 1 / (1 - beta2 ** count);
          for (let i = 0; i < values.length; i++) {
            const value = values[i] ?? 0;
            const slope = (gradient[i] ?? 0) + (isDecoupled ? 0 : decay * value);
            const mean = beta1 * (means[i] ?? 0) + (1 - beta1) * slope;
            const square = beta2 * (squares[i] ?? 0) + (1 - beta2) * slope * slope;
            means[i] = mean;
            squares[i] = square;
            const kept = isDecoupled ? value - by * decay * value : value;
            values[i] = kept - (by * mean * meanScale) / (Math.sqrt(square * squareScale) + epsilon);
          }
        },
      };
    },
  };
}
