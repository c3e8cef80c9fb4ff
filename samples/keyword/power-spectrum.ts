/**
 * Makes a function that gives |sum over i of x[i] exp(-2 pi sqrt(-1) i k / n)|^2 for k = 0 .. n/2, of n samples, a power of
 * two. Decimation in time (Cooley and Tukey 1965).
 */
export function makePowerSpectrum(n: number): (samples: Float64Array) => Float64Array {
  const order = Uint16Array.from({ length: n }, (_, i) => reverseBits(i, n));
  const cosines = Float64Array.from({ length: n / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / n));
  const sines = Float64Array.from({ length: n / 2 }, (_, k) => -Math.sin((2 * Math.PI * k) / n));
  return (samples) => {
    const real = new Float64Array(n);
    const imaginary = new Float64Array(n);
    for (let i = 0; i < n; i++) real[i] = samples[order[i] ?? 0] ?? 0;
    for (let half = 1; half < n; half *= 2) {
      for (let k = 0; k < half; k++) {
        const cosine = cosines[(k * n) / (2 * half)] ?? 0;
        const sine = sines[(k * n) / (2 * half)] ?? 0;
        for (let i = k; i < n; i += 2 * half) {
          const j = i + half;
          const turnedReal = (real[j] ?? 0) * cosine - (imaginary[j] ?? 0) * sine;
          const turnedImaginary = (real[j] ?? 0) * sine + (imaginary[j] ?? 0) * cosine;
          real[j] = (real[i] ?? 0) - turnedReal;
          imaginary[j] = (imaginary[i] ?? 0) - turnedImaginary;
          real[i] = (real[i] ?? 0) + turnedReal;
          imaginary[i] = (imaginary[i] ?? 0) + turnedImaginary;
        }
      }
    }
    return Float64Array.from({ length: n / 2 + 1 }, (_, k) => (real[k] ?? 0) ** 2 + (imaginary[k] ?? 0) ** 2);
  };
}

/** The bits of i < n, a power of two, from the last to the first. */
function reverseBits(i: number, n: number): number {
  let reversed = 0;
  for (let bit = 1; bit < n; bit *= 2) reversed = 2 * reversed + (i & bit ? 1 : 0);
  return reversed;
}
