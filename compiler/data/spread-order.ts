/** The fractions of its multiples are spread evenly over [0, 1), however many there are. */
export const goldenRatio = (Math.sqrt(5) - 1) / 2;

/**
 * All indices of a list in steps of the golden ratio of its length: any run of them is spread evenly over the list. The first
 * and the last of data sorted by class are then of all classes.
 */
export function spreadOrder(length: number): number[] {
  let step = Math.max(1, Math.round(goldenRatio * length));
  while (commonDivisor(step, length) > 1) step++;
  return Array.from({ length }, (_, i) => (i * step) % length);
}

const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b));
