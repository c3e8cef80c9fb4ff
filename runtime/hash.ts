/**
 * 64-bit hash of `bytes` (length a multiple of 4), as two 32-bit halves [low, high]. Little-endian 32-bit words go in turn
 * through one of two multiply-xorshift chains; the chains mix after every part. Each step can be undone, so that no change
 * of a single word can go unseen.
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
  const pairs = words.length & ~1;
  for (let i = 0; i < pairs; i += 2) {
    a = Math.imul(a ^ (words[i] as number), 0x9e3779b1);
    a ^= a >>> 15;
    b = Math.imul((b + (words[i + 1] as number)) | 0, 0x85ebca77);
    b ^= b >>> 14;
  }
  if (pairs < words.length) a = Math.imul(a ^ (words[pairs] as number), 0x9e3779b1);
  a ^= (b << 16) | (b >>> 16);
  chains[0] = a;
  chains[1] = b + Math.imul(a, 0x27d4eb2f);
}
