import { expect, it } from 'vitest';
import { hashBytes } from '../../runtime/hash.ts';

it('is fixed: bundles in the field carry it', () => {
  expect(hashBytes(new Uint8Array(0))).toMatchInlineSnapshot(`
    [
      1390702413,
      861983165,
    ]
  `);
  expect(hashBytes(Uint8Array.from({ length: 64 }, (_, i) => i))).toMatchInlineSnapshot(`
    [
      2228290821,
      1312331664,
    ]
  `);
});

it('sees every bit of a word, its place and the length', () => {
  const bytes = new Uint8Array(32);
  const seen = new Set([hashBytes(bytes).join()]);
  for (let bit = 0; bit < 256; bit++) {
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    seen.add(hashBytes(bytes).join());
    bytes[bit >> 3]! ^= 1 << (bit & 7);
  }
  for (let length = 0; length < 32; length += 4) seen.add(hashBytes(bytes.subarray(0, length)).join());
  expect(seen.size).toBe(1 + 256 + 8);
});
