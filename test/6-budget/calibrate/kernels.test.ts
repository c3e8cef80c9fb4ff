import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { compileLoadModule, compileLoadText, saltBytes } from '../../../compiler/6-budget/calibrate/compile-load.ts';
import {
  calibrationModule,
  kernelsText,
  kernelsVersion,
  multiplyAdds,
  places,
  readableBytes,
} from '../../../compiler/6-budget/calibrate/kernels.ts';

interface Kernels {
  readonly memory: WebAssembly.Memory;
  readonly float: (iterations: number) => void;
  readonly integer: (iterations: number) => void;
  readonly read: (bytes: number, passes: number) => number;
}

const openKernels = async (): Promise<Kernels> => {
  const { instance } = await WebAssembly.instantiate(calibrationModule());
  return instance.exports as WebAssembly.Exports & Kernels;
};

const depth = 256;
const small = (i: number) => ((i * 7) % 11) - 5;

test('float sums products of A and B once per iteration', async () => {
  const { memory, float } = await openKernels();
  const a = new Float32Array(memory.buffer, places.floatA, depth * 4).map((_, i) => small(i));
  const b = new Float32Array(memory.buffer, places.floatB, depth * 8).map((_, i) => small(3 * i + 1));
  new Float32Array(memory.buffer, places.floatA).set(a);
  new Float32Array(memory.buffer, places.floatB).set(b);
  float(3);
  let products = 0;
  const expected = Float32Array.from({ length: 32 }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < depth; k++, products++) sum += (a[k * 4 + (i >> 3)] ?? 0) * (b[k * 8 + (i & 7)] ?? 0);
    return 3 * sum;
  });
  expect(new Float32Array(memory.buffer, places.floatC, 32)).toEqual(expected);
  expect(multiplyAdds.float).toBe(products);
});

test('integer sums products of codes once per iteration', async () => {
  const { memory, integer } = await openKernels();
  const a = Int16Array.from({ length: depth * 4 }, (_, i) => (i * 37) % 128);
  const b = Int8Array.from({ length: depth * 4 }, (_, i) => ((i * 53) % 255) - 127);
  new Int16Array(memory.buffer, places.integerA).set(a);
  new Int8Array(memory.buffer, places.integerB).set(b);
  integer(2);
  const parts = new Int32Array(memory.buffer, places.integerC, 32);
  let products = 0;
  for (let row = 0; row < 4; row++) {
    for (let column = 0; column < 4; column++) {
      let sum = 0;
      for (let k = 0; k < depth; k++, products++) {
        const group = 16 * (k >> 2) + (k & 3);
        sum += (a[group + 4 * row] ?? 0) * (b[group + 4 * column] ?? 0);
      }
      const part = 8 * row + 2 * column;
      expect((parts[part] ?? 0) + (parts[part + 1] ?? 0)).toBe(2 * sum);
    }
  }
  expect(multiplyAdds.integer).toBe(products);
});

test('read goes through every byte, once per pass', async () => {
  const { memory, read } = await openKernels();
  const words = new Uint32Array(memory.buffer, places.read, readableBytes / 4);
  words.forEach((_, i) => {
    words[i] = i;
  });
  const sum = (count: number) => Number(((BigInt(count) * BigInt(count - 1)) / 2n) & 0xffffffffn);
  expect(read(128, 1) >>> 0).toBe(sum(32));
  expect(read(readableBytes, 3) >>> 0).toBe((3 * sum(words.length)) % 2 ** 32);
});

test('the module to compile runs, however its last bytes are', async () => {
  const module = compileLoadModule();
  expect(module.length).toBeGreaterThan(280_000);
  expect(module.length).toBeLessThan(320_000);
  module.fill(7, module.length - saltBytes);
  const { instance } = await WebAssembly.instantiate(module);
  expect(() => (instance.exports as { all(): void }).all()).not.toThrow();
});

test('another text is another version', () => {
  const hash = createHash('sha256').update(kernelsText).update(compileLoadText()).digest('hex').slice(0, 16);
  expect({ version: kernelsVersion, hash }).toMatchInlineSnapshot(`
    {
      "hash": "bc1bbf7837c16912",
      "version": 1,
    }
  `);
});
