import { describe, expect, test } from 'vitest';
import { addI32, assemble, constant, get, i32, repeat, set } from '../../../compiler/linalg/wasm/assemble.ts';
import { eigenModule } from '../../../compiler/linalg/wasm/eigen-kernels.ts';
import { productModule } from '../../../compiler/linalg/wasm/product-kernel.ts';

function open(bytes: Uint8Array<ArrayBuffer>) {
  const env = { memory: new WebAssembly.Memory({ initial: 1 }) };
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { env }).exports as Record<
    string,
    (...values: number[]) => number
  >;
}

describe('the assembler', () => {
  test.each([0, 1, -1, 63, 64, -64, -65, 127, 128, 8191, 8192, -8193, 2 ** 31 - 1, -(2 ** 31)])(
    'writes the constant %d',
    (value) => {
      const bytes = assemble([{ name: 'give', parameters: [], result: i32, locals: [], body: constant(value) }]);
      expect(open(bytes).give!()).toBe(value);
    },
  );

  test('repeats as often as the local says', () => {
    const body = [...repeat(0, set(1, addI32(get(1), constant(3)))), ...get(1)];
    const { count } = open(assemble([{ name: 'count', parameters: [i32], result: i32, locals: [i32], body }]));
    expect([1, 2, 100].map((times) => count!(times))).toEqual([3, 6, 300]);
  });

  test('needs no more than the wasm of every browser of today', () => {
    expect(WebAssembly.validate(productModule())).toBe(true);
    expect(WebAssembly.validate(eigenModule())).toBe(true);
    expect(productModule()).toEqual(productModule());
  });
});
