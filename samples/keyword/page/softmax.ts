/** exp(x_i) / sum of exp(x), without overflow. */
export function softmax(logits: Float32Array): Float32Array {
  const highest = Math.max(...logits);
  const exponentials = logits.map((v) => Math.exp(v - highest));
  const sum = exponentials.reduce((total, v) => total + v, 0);
  return exponentials.map((v) => v / sum);
}
