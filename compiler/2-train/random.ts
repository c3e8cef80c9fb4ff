/** Four words of 32 bits. */
export type RandomState = readonly [number, number, number, number];

/** A stream of numbers from a seed, so that a training run can be repeated, and resumed from a kept state. */
export interface Random {
  /** Where the stream is; assigning it continues from there. */
  state: RandomState;
  /** in [low, high), by default [0, 1), in steps of (high - low) / 2^32 */
  uniform(low?: number, high?: number): number;
  /** standard normal */
  normal(): number;
  /** 0 .. n-1 in random order */
  permutation(n: number): Uint32Array;
}

/** Doty-Humphrey's sfc32 (PractRand): 128 bits of state. `seed` is a whole number; its lower 64 bits count. */
export function makeRandom(seed: number): Random {
  const words = Uint32Array.of(0, seed, Math.floor(seed / 2 ** 32), 1);
  for (let i = 0; i < 12; i++) nextWord(words);
  const uniform = (low = 0, high = 1): number => low + ((high - low) * nextWord(words)) / 2 ** 32;
  return {
    get state(): RandomState {
      const [a = 0, b = 0, c = 0, counter = 0] = words;
      return [a, b, c, counter];
    },
    set state(state: RandomState) {
      words.set(state);
    },
    uniform,
    // Box and Muller 1958; the second number of the pair is left, so that the words are all there is to keep
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    permutation: (n) => permute(n, uniform),
  };
}

/** The next 32 bits: a + b + counter; then a = b ^ b >> 9, b = 9 c, c = rotated by 21 plus those bits. */
function nextWord(words: Uint32Array): number {
  const [a = 0, b = 0, c = 0, counter = 0] = words;
  const word = (a + b + counter) >>> 0;
  words[0] = b ^ (b >>> 9);
  words[1] = c + (c << 3);
  words[2] = ((c << 21) | (c >>> 11)) + word;
  words[3] = counter + 1;
  return word;
}

/** Fisher and Yates. */
function permute(n: number, uniform: () => number): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    const held = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = held;
  }
  return order;
}
