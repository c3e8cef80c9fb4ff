import { describe, expect, it } from 'vitest';
import { decodeBfloat16, encodeBfloat16, tensorOf } from '../../compiler/tensor/convert.ts';
import { groupByChannel, groupByInputs, groupByRow } from '../../compiler/tensor/groups.ts';
import { shapeOf } from '../../compiler/tensor/shape.ts';
import {
  bitsOf,
  decodeForm,
  type IntegerForm,
  type PaletteForm,
  pickElements,
  printStored,
  storeCodes,
  storeFloat16,
  storeInteger,
} from '../../compiler/tensor/stored.ts';
import type { Tensor } from '../../compiler/tensor/tensor.ts';
import { makeRandom } from '../harness/random.ts';
import { randomTensor } from '../harness/stored-model.ts';

const row = (...values: number[]): Tensor => tensorOf('float32', [1, values.length], values);
const formOf = (tensor: Tensor) => tensor.stored as IntegerForm;

describe('float16', () => {
  it('rounds to the nearest, ties to even, denormals too', () => {
    const { data, stored } = storeFloat16(row(1, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 1e-7, -65519, 2 ** -26));
    expect([...data]).toEqual([1, 1, 1 + 2 ** -9, 2 * 2 ** -24, -65504, 0]);
    expect(stored).toEqual({ kind: 'float16' });
  });

  it('leaves alone what would not stay finite, and other types', () => {
    for (const tensor of [row(65520), row(Number.NaN), row(-Infinity), tensorOf('int32', [1], [1])]) {
      expect(storeFloat16(tensor)).toBe(tensor);
    }
  });
});

describe('integers', () => {
  it('have the largest magnitude of a group as their largest code', () => {
    const { data, stored } = storeInteger(row(127, -63.5, 0.4, 0.6), 8, Int32Array.of(0, 0, 0, 0));
    expect([...data]).toEqual([127, -64, 0, 1]);
    expect(formOf({ ...row(0), stored: stored! }).codes).toEqual(Int8Array.of(127, -64, 0, 1));
  });

  it('choose codes by scales rounded to bfloat16, never beyond the limit', () => {
    const tensor = randomTensor(makeRandom(3), [40, 50], 1);
    for (const bits of [8, 4] as const) {
      const found = storeInteger(tensor, bits, groupByInputs(tensor.shape, 16));
      const { codes, scales } = formOf(found);
      const limit = 2 ** (bits - 1) - 1;
      expect(Math.max(...codes.map(Math.abs))).toBe(limit);
      expect(scales.every((s) => decodeBfloat16(encodeBfloat16(s)) === s)).toBe(true);
      for (const [i, value] of tensor.data.entries()) {
        const scale = scales[i]!;
        // Half a step, or what the rounded scale cuts off at the limit.
        expect(Math.abs(Number(value) - codes[i]! * scale)).toBeLessThanOrEqual(scale * (0.5 + limit / 256));
      }
      expect(found.data).toEqual(decodeForm(formOf(found)));
      expect(storeInteger(found, bits, groupByInputs(tensor.shape, 16)).data).toEqual(found.data);
    }
  });

  it('take zero groups and empty tensors', () => {
    expect([...storeInteger(row(0, 0, -7), 4, Int32Array.of(0, 0, 1)).data]).toEqual([0, 0, -7]);
    expect(storeInteger(tensorOf('float32', [0, 4], []), 8, new Int32Array(0)).data).toHaveLength(0);
  });

  it('leave alone what is not finite or is no float32', () => {
    const wide = tensorOf('int64', [2], [1n, 2n]);
    for (const tensor of [row(1, Number.NaN), row(1, -Infinity), wide]) {
      expect(storeInteger(tensor, 8, new Int32Array(2))).toBe(tensor);
    }
  });
});

describe('groups', () => {
  it('of a channel, of a row of the last axis', () => {
    expect([...groupByChannel(shapeOf([2, 1, 3]))]).toEqual([0, 0, 0, 1, 1, 1]);
    expect([...groupByRow(shapeOf([2, 2, 2]))]).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
    expect(groupByChannel(shapeOf([0, 3]))).toHaveLength(0);
    expect(groupByRow(shapeOf([3, 0]))).toHaveLength(0);
  });

  it('of inputs count tap by tap, channels fastest, from 0 in each output channel', () => {
    expect([...groupByInputs(shapeOf([2, 3]), 2)]).toEqual([0, 0, 1, 2, 2, 3]);
    // two channels of three taps: inputs t0c0 t0c1 | t1c0 t1c1 | t2c0 t2c1
    expect([...groupByInputs(shapeOf([1, 2, 3]), 2)]).toEqual([0, 1, 2, 0, 1, 2]);
  });
});

describe('codes found elsewhere', () => {
  const shape = shapeOf([2, 2]);
  const codes = Uint8Array.of(0, 1, 2, 1);
  const entries = Float32Array.of(-1, 0.25, 2);

  it('become a tensor of what they stand for', () => {
    const tensor = storeCodes(shape, { kind: 'palette', bits: 2, codes, entries });
    expect([...tensor.data]).toEqual([-1, 0.25, 2, 0.25]);
    const scales = Float32Array.of(0.5, 0.5, 2, 2);
    const integer = storeCodes(shape, { kind: 'integer', bits: 4, codes: Int8Array.of(-8, 7, 1, 0), scales });
    expect([...integer.data]).toEqual([-4, 3.5, 2, 0]);
    expect([tensor, integer].map(({ stored }) => printStored(stored!))).toEqual(['palette of 3', 'int4']);
    expect([tensor, integer, storeFloat16(tensor)].map(({ stored }) => bitsOf(stored!))).toEqual([2, 4, 16]);
  });

  it.each([
    ['3 codes', () => storeCodes(shape, { kind: 'palette', bits: 2, codes: codes.slice(1), entries })],
    ['code 2', () => storeCodes(shape, { kind: 'palette', bits: 2, codes, entries: entries.slice(1) })],
    ['3 entries of 1 bits', () => storeCodes(shape, { kind: 'palette', bits: 1, codes, entries })],
    [
      'the element NaN',
      () => storeCodes(shape, { kind: 'palette', bits: 2, codes, entries: Float32Array.of(1, Number.NaN, 3) }),
    ],
    [
      'code 8',
      () =>
        storeCodes(shape, { kind: 'integer', bits: 4, codes: Int8Array.of(8, 0, 0, 0), scales: new Float32Array(4) }),
    ],
    [
      '2 scales',
      () => storeCodes(shape, { kind: 'integer', bits: 8, codes: new Int8Array(4), scales: new Float32Array(2) }),
    ],
    [
      `scale ${Math.fround(0.1)}, which is no bfloat16 value,`,
      () =>
        storeCodes(shape, { kind: 'integer', bits: 8, codes: new Int8Array(4), scales: new Float32Array(4).fill(0.1) }),
    ],
  ])('are refused with %s', (what, store) => {
    expect(store).toThrowError(RangeError);
    expect(store).toThrowError(`storeCodes: ${what} for `);
  });
});

describe('pickElements', () => {
  const places = Int32Array.of(3, -1, 0, 0);
  const shape = shapeOf([2, 2]);
  const source = tensorOf('float32', [4], [1, -2, 3, 0.5]);

  it('picks, with zeros where there is nothing', () => {
    expect(pickElements(source, shape, places)).toEqual(tensorOf('float32', [2, 2], [0.5, 0, 1, 1]));
  });

  it.each([
    ['float16', storeFloat16(source)],
    ['int8', storeInteger(source, 8, Int32Array.of(0, 0, 1, 1))],
    ['a palette', storeCodes(shapeOf([4]), paletteOf(2, [0, 1, 2, 2], [1, -2, 0.5]))],
    ['a palette with a zero', storeCodes(shapeOf([4]), paletteOf(2, [0, 1, 2, 2], [1, 0, 0.5]))],
    ['a full palette', storeCodes(shapeOf([4]), paletteOf(1, [0, 1, 1, 0], [1, -2]))],
  ])('keeps the form: %s', (_, tensor) => {
    const picked = pickElements(tensor, shape, places);
    expect([...picked.data].map(Number)).toEqual([
      Number(tensor.data[3]),
      0,
      Number(tensor.data[0]),
      Number(tensor.data[0]),
    ]);
    expect(picked.stored?.kind).toBe(tensor.stored?.kind);
    const form = picked.stored!;
    if (form.kind === 'float16') return;
    expect([...decodeForm(form)]).toEqual([...picked.data]);
    expect(storeCodes(shape, form)).toEqual(picked);
  });

  it('gives up a palette of 256 that has no zero', () => {
    const entries = Array.from({ length: 256 }, (_, i) => i + 1);
    const full = storeCodes(shapeOf([4]), paletteOf(8, [0, 1, 2, 3], entries));
    expect(pickElements(full, shape, places).stored).toBeUndefined();
    expect(pickElements(full, shape, Int32Array.of(3, 1, 0, 0)).stored).toBeDefined();
  });
});

function paletteOf(bits: PaletteForm['bits'], codes: readonly number[], entries: readonly number[]): PaletteForm {
  return { kind: 'palette', bits, codes: Uint8Array.from(codes), entries: Float32Array.from(entries) };
}
