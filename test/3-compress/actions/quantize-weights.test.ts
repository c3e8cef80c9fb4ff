import { describe, expect, it } from 'vitest';
import { compensateRounding, inverseHessians } from '../../../compiler/3-compress/actions/compensate-rounding.ts';
import { integerError, makeIntegerLayer } from '../../../compiler/3-compress/actions/quantize-activations.ts';
import { encodingsOf, findStoredPlaces, withConstants } from '../../../compiler/3-compress/actions/quantize-weights.ts';
import { sampleInputRows } from '../../../compiler/3-compress/calibrate/input-rows.ts';
import { outputNameOf, withOutputs } from '../../../compiler/3-compress/calibrate/with-outputs.ts';
import { chooseEncoding } from '../../../compiler/3-compress/plan/choose-encoding.ts';
import { makeQuantise } from '../../../compiler/3-compress/plan/quantise.ts';
import { GraphBuilder } from '../../../compiler/ir/build.ts';
import { verifyGraph } from '../../../compiler/ir/verify.ts';
import { makeMatrix } from '../../../compiler/linalg/matrix.ts';
import { findLayers } from '../../../compiler/rewrite/layers.ts';
import { replaceNodes } from '../../../compiler/rewrite/replace-nodes.ts';
import { groupByInputs } from '../../../compiler/tensor/groups.ts';
import { storePalette } from '../../../compiler/tensor/palette.ts';
import { shapeOf } from '../../../compiler/tensor/shape.ts';
import { storeInteger } from '../../../compiler/tensor/stored.ts';
import { makeTensor, tensorType } from '../../../compiler/tensor/tensor.ts';
import { makeRunner } from '../../../compiler/trial/make-runner.ts';
import { makeNormal, smallImages, smallNetwork, weightsOf } from '../../harness/small-network.ts';

const graph = smallNetwork();
const images = smallImages(300);

describe('palettes', () => {
  it('of many entries are near the best there is: density as the cube root of that of the values', () => {
    const tensor = weightsOf(makeNormal(2), [200, 100], 1);
    const errorOf = (entries: number) => {
      const { data } = storePalette(tensor, entries);
      let sum = 0;
      for (let i = 0; i < data.length; i++) sum += (Number(data[i]) - Number(tensor.data[i])) ** 2;
      return sum / data.length;
    };
    // Sums of four uniform numbers lie closer together than normal ones, for which the constant is pi sqrt(3) / 2.
    for (const entries of [64, 256]) expect(errorOf(entries) * entries ** 2).toBeLessThan((Math.PI * Math.sqrt(3)) / 2);
  });

  it('keep values exactly where there are no more of them than entries', () => {
    const values = Float32Array.from({ length: 100 }, (_, i) => [-1, 0.25, 3][i % 3]!);
    const stored = storePalette(makeTensor('float32', shapeOf([10, 10]), values), 4);
    expect(stored.data).toEqual(values);
    expect(stored.stored).toMatchObject({ kind: 'palette', bits: 2 });
  });

  it('have the least squared error near a Lloyd optimum: every value at its nearest entry, entries at their means', () => {
    const tensor = weightsOf(makeNormal(1), [40, 25], 1);
    const stored = storePalette(tensor, 8);
    if (stored.stored?.kind !== 'palette') throw new Error('no palette');
    const { codes, entries } = stored.stored;
    const groups = [...entries].map((_, c) => [...tensor.data].map(Number).filter((_, i) => codes[i] === c));
    groups.forEach((group, c) => {
      expect(group.reduce((a, b) => a + b, 0) / group.length).toBeCloseTo(entries[c]!, 2);
      for (const v of group)
        for (const e of entries) expect(Math.abs(v - entries[c]!)).toBeLessThanOrEqual(Math.abs(v - e) + 1e-6);
    });
  });

  it('leave tensors of fewer elements alone', () => {
    const tensor = weightsOf(makeNormal(1), [2, 4], 1);
    expect(storePalette(tensor, 16)).toBe(tensor);
  });
});

describe('compensated rounding', () => {
  it('loses less on correlated inputs than rounding to nearest, with the same scales', () => {
    const normal = makeNormal(3);
    const rows = makeMatrix(400, 48);
    for (let r = 0; r < 400; r++) {
      const common = normal();
      for (let k = 0; k < 48; k++) rows.data[r * 48 + k] = common + 0.3 * normal();
    }
    const tensor = weightsOf(normal, [16, 48], 0.2);
    const nearest = storeInteger(tensor, 4, groupByInputs(tensor.shape, 32));
    const better = compensateRounding(tensor, nearest, inverseHessians(rows)!);
    const errorOf = (data: ArrayLike<unknown>) => {
      let error = 0;
      for (let r = 0; r < 400; r++)
        for (let n = 0; n < 16; n++) {
          let sum = 0;
          for (let k = 0; k < 48; k++)
            sum += (Number(data[n * 48 + k]) - Number(tensor.data[n * 48 + k])) * rows.data[r * 48 + k]!;
          error += sum * sum;
        }
      return error;
    };
    expect(errorOf(better.data)).toBeLessThan(0.5 * errorOf(nearest.data));
    expect(better.stored).toMatchObject({ kind: 'integer', bits: 4 });
  });

  it('takes wide layers in blocks of neighbours, which together are all inputs', () => {
    const normal = makeNormal(4);
    const rows = makeMatrix(700, 1300);
    for (let r = 0; r < 700; r++) {
      for (let k = 0; k < 1300; k += 10) {
        const common = normal();
        for (let j = k; j < k + 10; j++) rows.data[r * 1300 + j] = common + 0.3 * normal();
      }
    }
    const blocks = inverseHessians(rows)!;
    expect(blocks.length).toBe(6);
    let end = 0;
    for (const { start, upper } of blocks) {
      expect(start).toBe(end);
      expect(upper.columns).toBeLessThanOrEqual(256);
      end += upper.columns;
    }
    expect(end).toBe(1300);
    const tensor = weightsOf(normal, [2, 1300], 0.2);
    const nearest = storeInteger(tensor, 4, groupByInputs(tensor.shape, 32));
    const better = compensateRounding(tensor, nearest, blocks);
    const errorOf = (data: ArrayLike<unknown>) => {
      let error = 0;
      for (let r = 0; r < 700; r++)
        for (let n = 0; n < 2; n++) {
          let sum = 0;
          for (let k = 0; k < 1300; k++)
            sum += (Number(data[n * 1300 + k]) - Number(tensor.data[n * 1300 + k])) * rows.data[r * 1300 + k]!;
          error += sum * sum;
        }
      return error;
    };
    expect(errorOf(better.data)).toBeLessThan(0.5 * errorOf(nearest.data));
  });

  it('is not there with fewer rows than inputs', () => {
    expect(inverseHessians(makeMatrix(10, 20))).toBeUndefined();
  });
});

describe('encodings of a layer', () => {
  const places = findStoredPlaces(graph);
  it('are offered for constants of 64 elements and more', () => {
    expect(places.map(({ name }) => name)).toEqual(['conv.w', 'hidden.w', 'out.w']);
  });

  it.each(['conv.w', 'hidden.w'])('%s: the error that is predicted is the one that is measured', (name) => {
    const place = places.find((p) => p.name === name)!;
    const layer = findLayers(graph).find(({ y }) => y === place.output)!;
    const rows = sampleInputRows(graph, [layer], images, makeRunner).get(layer.y)!;
    const encodings = encodingsOf(place, { kind: 'rows', rows }).flatMap(({ make }) => make() ?? []);
    const errorOf = (label: string) => encodings.find((e) => e.label.startsWith(label))!.error;
    expect(errorOf('float16')).toBeLessThan(errorOf('int8'));
    expect(errorOf('int8')).toBeLessThan(errorOf('int4'));
    expect(errorOf('palette of 64')).toBeLessThan(errorOf('palette of 8'));
    for (const label of ['int8', 'int4', 'palette of 8', 'palette of 128']) {
      const encoding = encodings.find((e) => e.label.startsWith(label))!;
      const stored = withConstants(
        graph,
        new Map([
          [place.constant, encoding.tensor],
          [place.bias!.id, encoding.bias!],
        ]),
      );
      const rules = new Map(encoding.rule ? [[layer.y, encoding.rule]] : []);
      const changed = replaceNodes(verifyGraph(stored), rules).graph;
      const renamed = [...changed.values.values()].find((value) => value.name === layer.name)!;
      const run = (g: typeof graph, id: number) => {
        const runner = makeRunner(withOutputs(g, [id]));
        return images.map((feeds) => runner.run(feeds)[outputNameOf(id)] as Float32Array);
      };
      const [before, after] = [run(graph, layer.y), run(changed, renamed.id)];
      let error = 0;
      for (const [i, y] of before.entries()) for (const [j, v] of y.entries()) error += (after[i]![j]! - v) ** 2;
      const measured = error / images.length / layer.positions;
      expect(measured / encoding.error).toBeGreaterThan(0.7);
      expect(measured / encoding.error).toBeLessThan(1.4);
    }
  });
});

describe('integer layers', () => {
  it.each(['conv.w', 'hidden.w', 'out.w'])('%s: the error that is predicted is the one that is measured', (name) => {
    const place = findStoredPlaces(graph).find((p) => p.name === name)!;
    const layer = findLayers(graph).find(({ y }) => y === place.output)!;
    const rows = sampleInputRows(graph, [layer], images, makeRunner).get(layer.y)!;
    const { rule, error } = makeIntegerLayer(place.tensor, rows);
    const changed = replaceNodes(graph, new Map([[layer.y, rule]])).graph;
    const renamed = [...changed.values.values()].find((value) => value.name === layer.name)!;
    const run = (g: typeof graph, id: number) => {
      const runner = makeRunner(withOutputs(g, [id]));
      return images.map((feeds) => runner.run(feeds)[outputNameOf(id)] as Float32Array);
    };
    const [before, after] = [run(graph, layer.y), run(changed, renamed.id)];
    let measured = 0;
    for (const [i, y] of before.entries()) for (const [j, v] of y.entries()) measured += (after[i]![j]! - v) ** 2;
    measured /= images.length * layer.positions;
    expect(measured / error).toBeGreaterThan(0.7);
    expect(measured / error).toBeLessThan(1.4);
    const power =
      before.reduce((sum, y) => sum + y.reduce((a, v) => a + v * v, 0), 0) / images.length / layer.positions;
    expect(error / power).toBeLessThan(1e-3);
  });

  it('of channels of many sizes are rounded in steps of each', () => {
    const normal = makeNormal(3);
    const sizes = Array.from({ length: 16 }, (_, c) => 2 ** ((c % 8) - 4));
    const rows = makeMatrix(
      400,
      16,
      Float64Array.from({ length: 6400 }, (_, i) => normal() * sizes[i % 16]!),
    );
    const weights = weightsOf(normal, [8, 16], 0.3);
    for (let i = 0; i < 128; i++) weights.data[i] = Number(weights.data[i]) / sizes[i % 16]!;
    const { error, bits } = makeIntegerLayer(weights, rows);
    expect(error).toBeLessThan(integerError(weights, rows, false) / 10);
    expect(bits).toBe(8 * 128 + 64 * 8 + 32 * 16);
    // channels that are alike already have nothing to gain
    const alike = makeMatrix(
      400,
      16,
      rows.data.map((v, i) => v / sizes[i % 16]!),
    );
    const plain = makeIntegerLayer(weightsOf(normal, [8, 16], 0.3), alike);
    expect(plain.bits).toBe(8 * 128 + 64 * 8);
  });

  it('hold what channels reach beyond the rows', () => {
    const normal = makeNormal(4);
    const rows = makeMatrix(
      300,
      8,
      Float64Array.from({ length: 2400 }, () => Math.abs(normal())),
    );
    const weights = weightsOf(normal, [4, 8], 0.3);
    const ranges = { min: new Float64Array(8), max: new Float64Array(8).fill(100) };
    expect(makeIntegerLayer(weights, rows, { ranges }).error).toBeGreaterThan(makeIntegerLayer(weights, rows).error);
  });

  it('a bias takes up what the mean moves by', () => {
    const normal = makeNormal(9);
    const rows = makeMatrix(
      500,
      8,
      // nothing negative, and all near a step's edge
      Float64Array.from({ length: 4000 }, () => Math.abs(normal()) * 0.01 + 3.3),
    );
    const weights = weightsOf(normal, [4, 8], 0.3);
    const plain = makeIntegerLayer(weights, rows);
    const kept = makeIntegerLayer(weights, rows, { keepsMean: true });
    const shifts = plain.shift.reduce((sum, v) => sum + v * v, 0);
    expect(kept.error).toBeLessThan(0.5 * plain.error);
    expect(kept.error).toBeLessThanOrEqual(plain.error - shifts + 1e-9);
  });

  it('offers keep the mean output of a layer with a bias of its own', () => {
    const place = findStoredPlaces(graph).find(({ name }) => name === 'hidden.w')!;
    const layer = findLayers(graph).find(({ y }) => y === place.output)!;
    const rows = sampleInputRows(graph, [layer], images, makeRunner).get(layer.y)!;
    const encoding = encodingsOf(place, { kind: 'rows', rows })
      .find(({ kind }) => kind === 'int8 with inputs')!
      .make()!;
    const changed = replaceNodes(graph, new Map([[layer.y, encoding.rule!]])).graph;
    const renamed = [...changed.values.values()].find((value) => value.name === layer.name)!;
    const mean = (g: typeof graph, id: number) => {
      const runner = makeRunner(withOutputs(g, [id]));
      const all = images.map((feeds) => runner.run(feeds)[outputNameOf(id)] as Float32Array);
      return Array.from({ length: 24 }, (_, n) => all.reduce((sum, y) => sum + y[n]!, 0) / all.length);
    };
    const [before, after] = [mean(graph, layer.y), mean(changed, renamed.id)];
    const uncorrected = makeIntegerLayer(place.tensor, rows).shift;
    const moved = (to: ArrayLike<number>) => before.reduce((sum, v, n) => sum + (to[n]! - v) ** 2, 0);
    expect(moved(after)).toBeLessThan(0.2 * uncorrected.reduce((sum, v) => sum + v * v, 0));
  });

  it('clips a rare large input where that is better', () => {
    const normal = makeNormal(9);
    const rows = makeMatrix(
      2000,
      8,
      Float64Array.from({ length: 16_000 }, () => Math.abs(normal())),
    );
    const weights = weightsOf(normal, [4, 8], 0.3);
    const plain = makeIntegerLayer(weights, rows).error;
    const largest = Math.max(...rows.data);
    rows.data[5] = 30;
    // Steps as coarse as the whole range asks for err with their square.
    expect(makeIntegerLayer(weights, rows).error).toBeLessThan(0.95 * plain * (30 / largest) ** 2);
  });
});

/** Prices of a stored bit alone. */
const bitPrice = (price: number) => ({
  storedByte: 8 * price,
  removedByte: 0,
  memoryByte: 0,
  mac: 0,
  removedMac: 0,
  wantsIntegers: false,
});

describe('choosing encodings', () => {
  const quantise = makeQuantise(images, makeRunner);
  it('forced kinds take what they say, small constants stay', () => {
    const forced = quantise(graph, { encoding: chooseEncoding('int8', bitPrice(0)) });
    expect(forced.actions.map(({ place, level }) => [place, level])).toEqual([
      ['conv.w', 'int8 with inputs'],
      ['hidden.w', 'int8 with inputs'],
      ['out.w', 'int8 with inputs'],
    ]);
    const layers = verifyGraph(forced.graph).nodes.filter(({ attributes }) => attributes.inputScale !== undefined);
    expect(layers.map(({ op }) => op)).toEqual(['conv', 'linear', 'linear']);
    const small = quantise(graph, { encoding: chooseEncoding('int4', bitPrice(0)) });
    expect(small.actions.map(({ level }) => level)).toEqual(Array(3).fill('int4, compensated'));
    const blind = makeQuantise([], makeRunner)(graph, { encoding: chooseEncoding('int8', bitPrice(0)) });
    expect(blind.actions.map(({ level }) => level)).toEqual(['int8', 'int8', 'int8']);
    expect([...verifyGraph(blind.graph).constants.values()].filter((t) => t.stored).length).toBe(3);
  });

  it('a bias of 64 elements takes up what the mean moves by, in float16', () => {
    const normal = makeNormal(7);
    const builder = new GraphBuilder('wide');
    const x = builder.input('x', tensorType('float32', shapeOf([1, 32])));
    const [w, b] = [builder.constant(weightsOf(normal, [64, 32], 1)), builder.constant(weightsOf(normal, [64], 1))];
    builder.output('y', builder.add('linear', [x, w, b]));
    const wide = verifyGraph(builder.build());
    const far = Array.from({ length: 100 }, () => ({ x: Float32Array.from({ length: 32 }, () => 5 + normal()) }));
    const stored = makeQuantise(far, makeRunner)(wide, { encoding: chooseEncoding('int4', bitPrice(0)) });
    expect(stored.actions.map(({ level }) => level)).toEqual(['int4, compensated', 'float16']);
    const [before, after] = [wide, verifyGraph(stored.graph)].map((one) => {
      const runner = makeRunner(one);
      const sums = new Float64Array(64);
      for (const feeds of far) for (const [n, y] of runner.run(feeds).y!.entries()) sums[n]! += Number(y) / far.length;
      return sums;
    });
    // a step of float16 at the size of these outputs' biases, where without them the mean moves by 3
    before!.forEach((mean, n) => {
      expect(Math.abs(after![n]! - mean)).toBeLessThan(0.01);
    });
  });

  it('a higher price of a bit takes fewer bits, none takes none', () => {
    const bits = (price: number) =>
      quantise(graph, { encoding: chooseEncoding('auto', bitPrice(price)) }).actions.reduce(
        (sum, a) => sum + a.bits.after,
        0,
      );
    expect(quantise(graph, { encoding: chooseEncoding('auto', bitPrice(0)) }).actions).toEqual([]);
    expect(bits(1e-6)).toBeLessThan(bits(1e-9));
    expect(bits(1e-4)).toBeLessThan(bits(1e-6));
  });
});
