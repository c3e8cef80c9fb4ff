import type { Results } from './engines/engine.ts';

/** Runs in the page, as its own text: the largest difference of any output over the largest absolute value of `a`. */
export function differenceOf(a: Results, b: Results): number {
  let worst = 0;
  let largest = 0;
  a.forEach((output, i) => {
    for (let j = 0; j < output.length; j++) {
      const x = Number(output[j]);
      largest = Math.max(largest, Math.abs(x));
      worst = Math.max(worst, Math.abs(x - Number(b[i]?.[j])));
    }
  });
  return worst === 0 ? 0 : worst / largest;
}
