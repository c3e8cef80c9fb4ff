import { ByteBuffer } from 'flatbuffers';
import { describe, expect, it } from 'vitest';
import { lower } from '../../compiler/4-lower/lower.ts';
import { PoolBuilder } from '../../compiler/4-lower/pool.ts';
import { rowMajorGrid, storeEntry } from '../../compiler/4-lower/store-entry.ts';
import { StoredHeader } from '../../compiler/5-emit/generated/model_generated.ts';
import { GraphBuilder } from '../../compiler/ir/build.ts';
import { printProgram } from '../../compiler/ir/print-program.ts';
import type { PoolEntry, Program } from '../../compiler/ir/program.ts';
import { tensorOf } from '../../compiler/tensor/convert.ts';
import { groupByChannel, groupByInputs } from '../../compiler/tensor/groups.ts';
import { shapeOf } from '../../compiler/tensor/shape.ts';
import { decodeForm, printStored, storeCodes, storeFloat16, storeInteger } from '../../compiler/tensor/stored.ts';
import type { Tensor } from '../../compiler/tensor/tensor.ts';
import { makeRandom } from '../harness/random.ts';
import { randomTensor, storedModel, storeEvenly, storings } from '../harness/stored-model.ts';
import { lowerAgreeing } from './agreement.ts';

const random = makeRandom(5);

function lowerConv(weights: Tensor, image: readonly number[], attributes: object = {}): Program {
  const builder = new GraphBuilder('conv');
  const x = builder.input('x', { dtype: 'float32', shape: shapeOf(image) });
  // What a convolution computes lies with its channels innermost.
  const channels = image[1]!;
  const pointwise = builder.constant(randomTensor(random, [channels, channels, 1, 1]), 'pointwise');
  const inner = builder.add('conv', [x, pointwise], { strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] });
  const pads = [1, 1, 1, 1];
  const window = { strides: [1, 1], dilations: [1, 1], pads, ...attributes };
  builder.output('y', builder.add('conv', [inner, builder.constant(weights, 'w')], window));
  return lower(builder.build());
}

function lowerLinear(weights: Tensor): Program {
  const builder = new GraphBuilder('linear');
  const x = builder.input('x', { dtype: 'float32', shape: shapeOf([1, weights.shape[1]!.size]) });
  builder.output('y', builder.add('linear', [x, builder.constant(weights, 'w')]));
  return lower(builder.build());
}

function header({ stored }: PoolEntry): Record<string, number> {
  const found = new StoredHeader().__init(0, new ByteBuffer(stored!.bytes));
  const [bits, panels, rows, columns] = [found.bits(), found.panels(), found.rows(), found.columns()];
  return { bits, panels, rows, columns, width: found.width(), head: found.head(), table: found.table() };
}

const entryOf = ({ constants }: Program): PoolEntry => constants.entries.find(({ name }) => name === 'w')!;

describe('the stored form of packed weights', () => {
  it('has one run of rows with scales by channel', () => {
    const w = storeInteger(randomTensor(random, [20, 5, 3, 3]), 8, groupByChannel(shapeOf([20, 5, 3, 3])));
    const entry = entryOf(lowerConv(w, [1, 5, 6, 6]));
    expect(entry).toMatchObject({ encoding: 'panels-of-8', stored: { kind: 'integer', name: 'int8' } });
    expect(header(entry)).toEqual({ bits: 8, panels: 3, rows: 45, columns: 20, width: 8, head: 1, table: 1 });
    // header, bias row of each panel, one run, a scale per column, a code per element
    expect(entry.stored!.bytes).toHaveLength(28 + 3 * 8 * 4 + 4 + 3 * 8 * 2 + 3 * 45 * 8);
    expect(entry.bytes).toHaveLength(3 * 46 * 8 * 4);
  });

  it('has one run for each group of inputs, also of convolutions over NHWC images', () => {
    const shape = shapeOf([16, 12, 3, 3]);
    const w = storeInteger(randomTensor(random, [16, 12, 3, 3]), 4, groupByInputs(shape, 32));
    const found = header(entryOf(lowerConv(w, [1, 12, 6, 6])));
    expect(found).toMatchObject({ bits: 4, rows: 108, table: 4 });
  });

  it('has a run wherever any column changes its scale', () => {
    const groups = groupByInputs(shapeOf([2, 40]), 16).map((group, i) => (i < 40 ? group : i < 50 ? 3 : 4));
    const w = tensorOf(
      'float32',
      [2, 40],
      [...groups].map((group) => 2 ** group),
    );
    const found = header(entryOf(lowerLinear(storeInteger(w, 8, groups))));
    expect(found).toMatchObject({ panels: 1, rows: 40, columns: 2, table: 4 });
  });

  it('keeps one set of scales for a group of inputs whose rows lie scattered: channels innermost behind Flatten', () => {
    const builder = new GraphBuilder('flatten');
    const x = builder.input('x', { dtype: 'float32', shape: shapeOf([1, 8, 6, 6]) });
    const window = { strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1] };
    const image = builder.add('conv', [x, builder.constant(randomTensor(random, [12, 8, 3, 3]))], window);
    const flat = builder.add('reshape', [builder.add('relu', [image])], { shape: [1, 432] });
    const shape = shapeOf([40, 432]);
    const w = storeInteger(randomTensor(random, [40, 432]), 4, groupByInputs(shape, 32));
    builder.output('y', builder.add('linear', [flat, builder.constant(w, 'w')]));
    const program = lowerAgreeing(builder.build());
    const entry = entryOf(program);
    // 12 channels of 36 positions: each row lies in another group than the one before
    expect(header(entry)).toMatchObject({ bits: 4, panels: 5, rows: 432, table: 432 });
    const [groups, scales] = [Math.ceil(432 / 32), 2];
    expect(entry.stored!.bytes).toHaveLength(28 + 5 * 8 * 4 + 432 * 4 + 5 * groups * 8 * scales + (5 * 432 * 8) / 2);
  });

  it('keeps them also of a convolution that reads an image of the caller, channels outermost', () => {
    const builder = new GraphBuilder('image');
    const x = builder.input('x', { dtype: 'float32', shape: shapeOf([1, 64, 5, 5]) });
    const shape = shapeOf([24, 64, 3, 3]);
    const w = storeInteger(randomTensor(random, [24, 64, 3, 3]), 4, groupByInputs(shape, 32));
    const window = { strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] };
    builder.output('y', builder.add('conv', [x, builder.constant(w, 'w')], window));
    const { stored } = entryOf(lowerAgreeing(builder.build()));
    const [codes, scales] = [(24 * 576) / 2, 24 * 18 * 2];
    expect(stored!.bytes.length).toBeLessThan(1.05 * (codes + scales) + 4 * 576 + 28 + 24 * 4);
  });

  it.each(Object.entries(storings))('of a transposed convolution stays that: %s', (_, store) => {
    const builder = new GraphBuilder('transposed');
    const x = builder.input('x', { dtype: 'float32', shape: shapeOf([1, 12, 4, 3]) });
    const w = store(randomTensor(random, [12, 10, 3, 3]));
    const bias = builder.constant(randomTensor(random, [10]));
    const attributes = { strides: [2, 2], dilations: [1, 1], pads: [1, 1, 1, 1], outputPadding: [1, 1] };
    builder.output('y', builder.add('convTranspose', [x, builder.constant(w, 'w'), bias], attributes));
    const { stored } = entryOf(lowerAgreeing(builder.build()));
    // where the kernel has no tap there are zeros, which a palette needs an entry for
    const wider: Record<string, string> = {
      'palette of 2': 'palette of 3',
      'palette of 4': 'palette of 5',
      'palette of 8': 'palette of 9',
      'palette of 16': 'palette of 17',
    };
    const name = printStored(w.stored!);
    expect(stored?.name).toBe(name === 'palette of 256' ? undefined : (wider[name] ?? name));
  });

  it('of a transposed convolution fills panels with channels, not with phases', () => {
    const builder = new GraphBuilder('transposed');
    const x = builder.input('x', { dtype: 'float32', shape: shapeOf([1, 16, 4, 4]) });
    const w = storeFloat16(randomTensor(random, [16, 16, 2, 2]));
    builder.output('y', builder.add('convTranspose', [x, builder.constant(w, 'w')], { strides: [2, 2] }));
    const entry = entryOf(lowerAgreeing(builder.build()));
    expect(entry.bytes).toHaveLength(4 * 4 * 16 * (16 + 1));
    expect(entry.stored!.bytes).toHaveLength(28 + 4 * 4 * 16 + 2 * 4 * 16 * 16);
  });

  it('has batches of panels for groups of channels', () => {
    const w = storeEvenly(randomTensor(random, [18, 4, 3, 3]), 3);
    const found = header(entryOf(lowerConv(w, [1, 12, 6, 6], { group: 3 })));
    expect(found).toEqual({ bits: 4, panels: 3, rows: 36, columns: 6, width: 8, head: 1, table: 8 });
  });

  it('is a panel of one column per row of a table', () => {
    const builder = new GraphBuilder('table');
    const tokens = builder.input('tokens', { dtype: 'int64', shape: shapeOf([3]) });
    const table = storeInteger(randomTensor(random, [9, 33]), 4, groupByChannel(shapeOf([9, 33])));
    builder.output('y', builder.add('gather', [builder.constant(table, 'w'), tokens], { axis: 0 }));
    const entry = entryOf(lower(builder.build()));
    expect(entry.encoding).toBe('row-major');
    expect(header(entry)).toEqual({ bits: 4, panels: 9, rows: 33, columns: 9, width: 1, head: 0, table: 1 });
    expect(entry.stored!.bytes).toHaveLength(28 + 4 + 4 * Math.ceil((9 * 2 + Math.ceil((9 * 33) / 2)) / 4));
  });

  it('is left out of small constants, and where it saves nothing', () => {
    expect(entryOf(lowerLinear(storeFloat16(randomTensor(random, [7, 9])))).stored).toBeUndefined();
    expect(entryOf(lowerLinear(storeFloat16(randomTensor(random, [8, 8])))).stored).toBeDefined();
    const each = Int32Array.from({ length: 100 }, (_, i) => i);
    const row = storeInteger(randomTensor(random, [1, 100]), 8, each);
    expect(row.stored).toBeDefined();
    expect(storeEntry(row, row.data as Float32Array, rowMajorGrid(row))).toBeUndefined();
  });

  it('is refused where the data are not what it says', () => {
    const w = randomTensor(random, [10, 10]);
    for (const stored of Object.values(storings).map((store) => store(w).stored!)) {
      expect(() => lowerLinear({ ...w, stored })).toThrowError('internal: a constant is not what its');
    }
    const { stored } = storeInteger(w, 8, groupByChannel(w.shape));
    if (stored?.kind !== 'integer') throw new Error('no integers');
    const scaled = { ...stored, scales: stored.scales.map((scale) => scale * 1.01) };
    const changed = decodeForm(scaled);
    expect(() => lowerLinear({ ...w, data: changed, stored: scaled })).toThrowError('is not what its int8 says');
  });
});

describe('a program of stored constants', () => {
  it.each(Object.entries(storings))('computes what the graph means: %s', (_, store) => {
    const { constants } = lowerAgreeing(storedModel([store]));
    const form = store(randomTensor(random, [1, 1])).stored!;
    const names = new Set(constants.entries.flatMap(({ stored }) => stored?.name ?? []));
    expect([...names]).toEqual([printStored(form)]);
    for (const { stored, bytes } of constants.entries)
      if (stored) expect(stored.bytes.length).toBeLessThan(bytes.length);
  });

  it('is lowered to the same bytes every time', () => {
    const stores = Object.values(storings);
    expect(lower(storedModel(stores)).constants).toEqual(lower(storedModel(stores)).constants);
  });

  it('says so in print', () => {
    const w = storeInteger(randomTensor(random, [8, 20]), 4, groupByChannel(shapeOf([8, 20])));
    expect(printProgram(lowerLinear(w))).toContain(
      'constant "w" float32 panels-of-8 c0+672 decoded from int4 in 160\n',
    );
  });

  it('of an empty table has nothing to decode', () => {
    const builder = new GraphBuilder('empty');
    const x = builder.input('x', { dtype: 'float32', shape: shapeOf([1, 0]) });
    const w = storeFloat16(randomTensor(random, [5, 0]));
    builder.output('y', builder.add('linear', [x, builder.constant(w, 'w')]));
    expect(lowerAgreeing(builder.build()).constants.entries.every(({ stored }) => !stored)).toBe(true);
  });
});

describe('the pool', () => {
  it('holds equal data once, in the smallest form, wherever that came', () => {
    const codes = Uint8Array.from({ length: 256 }, (_, i) => (i * i) % 4);
    const palette = storeCodes(shapeOf([4, 64]), {
      kind: 'palette',
      bits: 2,
      codes,
      entries: Float32Array.of(-1, 0.5, 2, 1),
    });
    const half = storeFloat16(palette);
    expect(half.data).toEqual(palette.data);
    const { stored: _, ...plain } = palette;
    for (const tensors of [
      [plain, half, palette],
      [palette, half, plain],
      [half, palette, half],
    ]) {
      const pool = new PoolBuilder();
      const offsets = tensors.map((tensor, i) => pool.addTensor(`w${i}`, tensor).offset);
      expect(offsets).toEqual([0, 0, 0]);
      expect(pool.finish().entries.map(({ name, stored }) => [name, stored?.name])).toEqual([['w0', 'palette of 4']]);
    }
  });
});
