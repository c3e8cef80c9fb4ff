/** Factor of the learning rate at a share 0..1 of all steps. */
export type Schedule = (progress: number) => number;

/** The rate stays as it is. */
export const constantRate = (): Schedule => () => 1;

/** Half a cosine from 1 to `to` (Loshchilov and Hutter 2017), after a linear rise over the first `warmUp` of the steps. */
export const cosine =
  ({ warmUp = 0, to = 0 }: { readonly warmUp?: number; readonly to?: number } = {}): Schedule =>
  (progress) => {
    if (progress < warmUp) return progress / warmUp;
    const along = (progress - warmUp) / Math.max(Number.EPSILON, 1 - warmUp);
    return to + (1 - to) * (0.5 + 0.5 * Math.cos(Math.PI * Math.min(1, along)));
  };

/** Times `factor` at each of these shares of the steps. */
export const stepwise =
  (at: readonly number[], factor = 0.1): Schedule =>
  (progress) =>
    factor ** at.filter((share) => progress >= share).length;
