/** A module that exports `memory` and `f0`, and how to call it. */
export interface TimedCall {
  readonly module: Uint8Array<ArrayBuffer>;
  readonly addresses: readonly number[];
  /** enough to be seen by a coarse clock */
  readonly callsPerBurst: number;
}

/**
 * Seconds of one call of each, the best of 40 bursts taken in turn. It also runs inside a page, from its own text, so
 * it uses nothing from around it.
 */
export default async function measureModules(calls: readonly TimedCall[]): Promise<number[]> {
  const timed = [];
  for (const { module, addresses, callsPerBurst } of calls) {
    const { instance } = await WebAssembly.instantiate(module);
    const { f0: run, memory } = instance.exports;
    if (typeof run !== 'function' || !(memory instanceof WebAssembly.Memory)) throw new TypeError('no kernel');
    new Float32Array(memory.buffer).forEach((_, i, all) => {
      all[i] = Math.sin(i % 1000);
    });
    const burst = () => {
      for (let i = 0; i < callsPerBurst; i++) run(...addresses);
    };
    const start = performance.now();
    while (performance.now() - start < 100) burst();
    timed.push({ burst, callsPerBurst, best: Number.POSITIVE_INFINITY });
  }
  for (let round = 0; round < 40; round++) {
    for (const one of timed) {
      const start = performance.now();
      one.burst();
      one.best = Math.min(one.best, (performance.now() - start) / 1000 / one.callsPerBurst);
    }
  }
  return timed.map(({ best }) => best);
}
