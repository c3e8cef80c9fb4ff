/**
 * 64-bit hash of `bytes` (length a multiple of 4), as two 32-bit halves [low, high]. Word-wise: each little-endian
 * 32-bit word goes through two multiply-rotate chains, so that no change of a single word can go unseen.
 */
export function hashBytes(bytes: Uint8Array): [low: number, high: number] {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const words = new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2);
  const chains = Int32Array.of(0x6c636377 ^ words.length, 0x31415927);
  // In parts: engines optimise a function that is called again sooner and better than a loop that runs on.
  for (let start = 0; start < words.length; start += 1024) hashPart(words.subarray(start, start + 1024), chains);
  let a = chains[0] as number;
  let b = chains[1] as number;
  a = Math.imul(a ^ (a >>> 16), 0x7feb352d);
  b = Math.imul(b ^ (b >>> 15) ^ a, 0xc2b2ae3d);
  return [(a ^ (a >>> 15)) >>> 0, (b ^ (b >>> 16)) >>> 0];
}

function hashPart(words: Int32Array, chains: Int32Array): void {
  let a = chains[0] as number;
  let b = chains[1] as number;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as number;
    a = Math.imul(a ^ word, 0x9e3779b1);
    a = (a << 15) | (a >>> 17);
    b = Math.imul((b + word) | 0, 0x85ebca77);
    b ^= b >>> 13;
  }
  chains[0] = a;
  chains[1] = b;
}
