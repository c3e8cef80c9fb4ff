/**
 * Runs in pages, as its own text. Milliseconds of the clock's smallest step, which browsers make coarse where a page is not
 * isolated, as over plain http.
 */
export function clockStep(): number {
  const one = (): number => {
    const start = performance.now();
    let now = start;
    while (now === start) now = performance.now();
    return now - start;
  };
  return Math.min(one(), one(), one());
}
