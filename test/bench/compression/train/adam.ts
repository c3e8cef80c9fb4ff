import type { Optimiser } from './optimiser.ts';

const decay = { mean: 0.9, square: 0.999 };
const epsilon = 1e-7;

/** Adam (Kingma and Ba 2015, algorithm 1). */
export const adam: Optimiser = (shape) => {
  const count = shape.reduce((product, n) => product * n, 1);
  const means = new Float32Array(count);
  const squares = new Float32Array(count);
  let steps = 0;
  return (values, gradient, rate) => {
    steps++;
    // rate sqrt(1 - b2^t) / (1 - b1^t): both corrections at once
    const scaled = (rate * Math.sqrt(1 - decay.square ** steps)) / (1 - decay.mean ** steps);
    for (let i = 0; i < values.length; i++) {
      const g = gradient[i] ?? 0;
      const mean = decay.mean * (means[i] ?? 0) + (1 - decay.mean) * g;
      const square = decay.square * (squares[i] ?? 0) + (1 - decay.square) * g * g;
      means[i] = mean;
      squares[i] = square;
      values[i] = (values[i] ?? 0) - (scaled * mean) / (Math.sqrt(square) + epsilon);
    }
  };
};
