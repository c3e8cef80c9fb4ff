import * as tf from '@tensorflow/tfjs';

/** Parameters by name, and how they learn. */
export interface Adam {
  readonly parameters: Readonly<Record<string, tf.Variable>>;
  /** One step down the gradient of `loss`; returns the loss before it. */
  step(loss: () => tf.Scalar, rate: number): number;
}

const decay = { mean: 0.9, square: 0.999 };
const epsilon = 1e-7;

/**
 * Adam (Kingma and Ba 2015, algorithm 1). The update runs over plain arrays: one loop instead of a dozen products of the
 * size of the parameters, and tfjs cannot change the rate of its own.
 */
export function makeAdam(parameters: Readonly<Record<string, tf.Variable>>): Adam {
  const states = Object.entries(parameters).map(([name, variable]) => ({
    name,
    variable,
    values: Float32Array.from(variable.dataSync()),
    means: new Float32Array(variable.size),
    squares: new Float32Array(variable.size),
  }));
  let steps = 0;
  return {
    parameters,
    step: (loss, rate) => {
      steps++;
      // rate sqrt(1 - b2^t) / (1 - b1^t): both corrections at once
      const scaled = (rate * Math.sqrt(1 - decay.square ** steps)) / (1 - decay.mean ** steps);
      const { value, grads } = tf.variableGrads(loss, Object.values(parameters));
      for (const { name, variable, values, means, squares } of states) {
        const gradient = grads[variable.name];
        if (gradient === undefined) throw new Error(`no gradient of ${name}`);
        update(values, gradient.dataSync() as Float32Array, means, squares, scaled);
        const next = tf.tensor(values, variable.shape);
        variable.assign(next);
        tf.dispose([next, gradient]);
      }
      const before = value.dataSync()[0] ?? Number.NaN;
      value.dispose();
      return before;
    },
  };
}

function update(
  values: Float32Array,
  gradient: Float32Array,
  means: Float32Array,
  squares: Float32Array,
  rate: number,
): void {
  for (let i = 0; i < values.length; i++) {
    const g = gradient[i] ?? 0;
    const mean = decay.mean * (means[i] ?? 0) + (1 - decay.mean) * g;
    const square = decay.square * (squares[i] ?? 0) + (1 - decay.square) * g * g;
    means[i] = mean;
    squares[i] = square;
    values[i] = (values[i] ?? 0) - (rate * mean) / (Math.sqrt(square) + epsilon);
  }
}
