import type { Random } from '../random.ts';

/** How many values a weight sums to one output, and how many outputs one input reaches. */
export interface Fans {
  readonly inputs: number;
  readonly outputs: number;
}

/** Draws one element of a weight at the start of training. */
export type Initial = (random: Random, fans: Fans) => number;

/** Normal of variance gain^2 / inputs. He et al. 2015: gain sqrt(2 / (1 + a^2)) ahead of a rectifier of slope a. */
export const heNormal =
  (gain = Math.SQRT2): Initial =>
  (random, { inputs }) =>
    (gain / Math.sqrt(inputs)) * random.normal();

/** Uniform of variance 2 / (inputs + outputs) (Glorot and Bengio 2010). */
export const glorotUniform: Initial = (random, { inputs, outputs }) => {
  const limit = Math.sqrt(6 / (inputs + outputs));
  return random.uniform(-limit, limit);
};

/** Normal of variance 1 / inputs (LeCun et al. 1998). */
export const lecunNormal: Initial = heNormal(1);

export const normal =
  (deviation: number): Initial =>
  (random) =>
    deviation * random.normal();

/** Normal, drawn again beyond two deviations. */
export const truncatedNormal =
  (deviation: number): Initial =>
  (random) => {
    for (;;) {
      const drawn = random.normal();
      if (Math.abs(drawn) <= 2) return deviation * drawn;
    }
  };

export const uniform =
  (limit: number): Initial =>
  (random) =>
    random.uniform(-limit, limit);
