import { describe, expect, test } from 'vitest';
import { type DataPort, type DataSet, ignoredLabel, type Labels } from '../../../compiler/data/data-set.ts';
import { differenceBound } from '../../../compiler/data/difference-bound.ts';
import { measureMetrics } from '../../../compiler/data/measure-metrics.ts';
import { cosineOf } from '../../../compiler/data/metrics/cosine.ts';
import { metrics, openMetric } from '../../../compiler/data/metrics/index.ts';
import { meanOf } from '../../../compiler/data/metrics/metric.ts';
import { makePerplexity } from '../../../compiler/data/metrics/perplexity.ts';
import { relativeError } from '../../../compiler/data/metrics/relative-error.ts';
import { encodeFloat16 } from '../../../compiler/tensor/convert.ts';
import type { TypedArray } from '../../../compiler/tensor/dtype.ts';
import { makeRandom } from '../../harness/random.ts';
import { makeFolder } from '../files.ts';

/** Data whose sample i is the number i: a run looks up row i of its outputs. */
const dataOf = (size: number, labels?: Labels): DataSet => ({
  name: 'd.npz',
  size,
  labels,
  feedsOf: (i) => ({ i: Int32Array.of(i) }),
  hashOf: String,
});
const classes = (width: number, ...values: number[]): Labels => ({
  kind: 'class',
  values: Int32Array.from(values),
  width,
});
const quantities = (width: number, ...values: number[]): Labels => ({
  kind: 'value',
  values: Float32Array.from(values),
  width,
});
const port = (...shape: number[]): DataPort => ({ name: 'y', dtype: 'float32', shape });

async function measure(
  name: string,
  rows: number[][],
  labels?: Labels,
  { shape = [1, rows[0]!.length], reference = [] as number[][] } = {},
) {
  const [result] = await measureMetrics([await openMetric(name)], {
    data: dataOf(rows.length, labels),
    outputs: [port(...shape)],
    run: ({ i }) => ({ y: Float32Array.from(rows[Number(i![0])]!) }),
    ...(reference.length > 0 ? { referenceOf: (i: number) => ({ y: Float32Array.from(reference[i]!) }) } : {}),
  });
  expect(meanOf(result!.scores)).toBeCloseTo(result!.value, 12);
  return { value: result!.value, scores: [...result!.scores] };
}

const oneHot = (n: number, ...guesses: number[]) =>
  guesses.map((g) => Array.from({ length: n }, (_, c) => (c === g ? 1 : 0)));

describe('top-1 and top-5', () => {
  test('shares of samples', async () => {
    expect(await measure('top-1', oneHot(3, 0, 1, 2, 0), classes(1, 0, 1, 2, 2))).toEqual({
      value: 0.75,
      scores: [1, 1, 1, 0],
    });
    const rows = [[0, 1, 2, 3, 4, 5, 6]];
    expect((await measure('top-5', rows, classes(1, 2))).value).toBe(1);
    expect((await measure('top-5', rows, classes(1, 1))).value).toBe(0);
  });

  test('equal scores, NaN: an output that says nothing is not right', async () => {
    expect((await measure('top-1', [[1, 1, 1]], classes(1, 2))).value).toBe(0);
    expect((await measure('top-1', [[1, 1, 1]], classes(1, 0))).value).toBe(1);
    expect((await measure('top-1', [[Number.NaN, 1, 0]], classes(1, 1))).value).toBe(0);
    expect((await measure('top-5', [[Number.NaN, Number.NaN]], classes(1, 1))).value).toBe(0);
  });

  test('positions with a label', async () => {
    const rows = [[1, 0, 0, 1, 1, 0]];
    expect((await measure('top-1', rows, classes(3, 0, 1, 1), { shape: [1, 3, 2] })).value).toBeCloseTo(2 / 3, 15);
    expect((await measure('top-1', rows, classes(3, 0, ignoredLabel, 1), { shape: [1, 3, 2] })).value).toBe(0.5);
  });
});

describe('F1', () => {
  // sklearn 1.9: f1_score(labels, guesses, average='macro') is 0.45.
  const guesses = [0, 1, 1, 2, 0, 2, 3];
  const labels = [0, 0, 1, 2, 2, 2, 1];

  test('macro, over classes seen', async () => {
    expect((await measure('f1', oneHot(5, ...guesses), classes(1, ...labels))).value).toBeCloseTo(0.45, 12);
    expect((await measure('f1', [[Number.NaN, 1]], classes(1, 1))).value).toBe(0);
  });

  test('its scores have the spread of the metric, as drawing again shows', async () => {
    const random = makeRandom(3);
    const n = 400;
    const draw = () => {
      const truth = Array.from({ length: n }, () => random.int(0, 2));
      return [truth, truth.map((label) => (random.chance(0.8) ? label : random.int(0, 2)))] as const;
    };
    const results = [];
    for (let i = 0; i < 200; i++) {
      const [truth, guessed] = draw();
      results.push(await measure('f1', oneHot(3, ...guessed), classes(1, ...truth)));
    }
    const spread = (values: number[]) => Math.sqrt(meanOf(values.map((v) => (v - meanOf(values)) ** 2)));
    const seen = spread(results.map(({ value }) => value));
    const told = spread(results[0]!.scores) / Math.sqrt(n);
    expect(told / seen).toBeGreaterThan(0.8);
    expect(told / seen).toBeLessThan(1.25);
  });
});

test('MSE and MAE', async () => {
  const rows = [
    [1, 2],
    [3, 5],
  ];
  const labels = quantities(2, 1, 0, 0, 4);
  expect(await measure('mse', rows, labels)).toEqual({ value: 3.5, scores: [2, 5] });
  expect(await measure('mae', rows, labels)).toEqual({ value: 1.5, scores: [1, 2] });
});

describe('perplexity', () => {
  const probabilities = [
    [0.5, 0.25, 0.25],
    [0.1, 0.8, 0.1],
  ];
  const labels = classes(1, 0, 1);
  const expected = Math.exp(-(Math.log(0.5) + Math.log(0.8)) / 2);

  test('of log-probabilities, of logits, of probabilities', async () => {
    const logs = probabilities.map((row) => row.map(Math.log));
    expect((await measure('perplexity', logs, labels)).value).toBeCloseTo(expected, 6);
    const logits = logs.map((row) => row.map((v) => v + 500));
    expect((await measure('perplexity', logits, labels)).value).toBeCloseTo(expected, 4);
    expect((await measure('perplexity-of-probabilities', probabilities, labels)).value).toBeCloseTo(expected, 6);
    expect(makePerplexity({ from: 'log-probabilities' }).name).toBe('perplexity');
  });

  test('every token counts once, however many a sample has', async () => {
    const row = (a: number, b: number) => [a, b, a, b].map(Math.log);
    const { value } = await measure('perplexity', [row(0.5, 0.5), row(0.9, 0.1)], classes(2, 0, ignoredLabel, 0, 0), {
      shape: [1, 2, 2],
    });
    expect(value).toBeCloseTo(Math.exp(-(Math.log(0.5) + 2 * Math.log(0.9)) / 3), 6);
  });
});

describe('against the original', () => {
  test('cosine', async () => {
    expect(cosineOf([1, 2], [2, 4])).toBeCloseTo(1, 15);
    expect([cosineOf([0, 0], [0, 0]), cosineOf([0, 0], [1, 0]), cosineOf([1, 0], [0, 1])]).toEqual([1, 0, 0]);
    const { scores } = await measure(
      'cosine',
      [
        [1, 0],
        [1, 1],
      ],
      undefined,
      {
        reference: [
          [1, 0],
          [-1, -1],
        ],
      },
    );
    expect(scores[0]).toBe(1);
    expect(scores[1]).toBeCloseTo(-1, 12);
  });

  test('agreement', async () => {
    const reference = [
      [1, 2],
      [1, 2],
      [1, 2],
    ];
    const result = await measure(
      'agreement',
      [
        [0, 9],
        [9, 0],
        [Number.NaN, 1],
      ],
      undefined,
      { reference },
    );
    expect(result.scores).toEqual([1, 0, 0]);
  });

  test('relative error', async () => {
    expect(relativeError([3, 4], [0, 4])).toBe(0.75);
    expect([relativeError([0], [0]), relativeError([1], [0]), relativeError([], [1])]).toEqual([
      0,
      Infinity,
      Number.NaN,
    ]);
    const result = await measure(
      'relative-error',
      [
        [3, 4],
        [2, 0],
      ],
      undefined,
      {
        reference: [
          [0, 4],
          [1, 0],
        ],
      },
    );
    expect(result).toEqual({ value: 0.875, scores: [0.75, 1] });
  });
});

test('several metrics in one pass; float16 and int64 outputs; the worst of several outputs', async () => {
  let runs = 0;
  const outputs: DataPort[] = [
    { name: 'half', dtype: 'float16', shape: [1, 2] },
    { name: 'wide', dtype: 'int64', shape: [1, 2] },
  ];
  const feeds = (h: number, w: bigint): Record<string, TypedArray> => ({
    half: Uint16Array.of(encodeFloat16(h), encodeFloat16(1)),
    wide: BigInt64Array.of(w, 0n),
  });
  const measured = {
    data: dataOf(2, classes(1, 0, 0)),
    outputs,
    run: () => {
      runs++;
      return feeds(2, 3n);
    },
    referenceOf: () => feeds(2, 4n),
  };
  const named = await Promise.all(['top-1', 'relative-error'].map(openMetric));
  expect((await measureMetrics(named, measured)).map(({ value }) => value)).toEqual([1, 0.25]);
  expect(runs).toBe(2);
  expect((await measureMetrics(named, { ...measured, output: 'half' }))[1]!.value).toBe(0);
});

test('scores of two models bound their difference', async () => {
  const labels = classes(1, ...Array(100).fill(0));
  const original = await measure('top-1', oneHot(2, ...Array(100).fill(0)), labels);
  const candidate = await measure('top-1', oneHot(2, 1, 1, ...Array(98).fill(0)), labels);
  const { mean, bound, method } = differenceBound(original.scores, candidate.scores);
  expect([mean, method]).toEqual([0.02, 'paired shares']);
  expect(bound).toBeGreaterThan(0.05);
});

describe('what is refused', () => {
  const refused = (promise: Promise<unknown>) =>
    promise.then(
      () => 'accepted',
      (error: Error) => error.message,
    );

  test('missing labels, before any run', async () => {
    expect(
      await refused(measure('top-1', [[1, 2]])),
    ).toBe(`LCC7015: The metric top-1 needs class labels, which this data does not have.
  at d.npz
  Next: Add labels to the data (labels= names a file), or choose cosine or agreement, which need none.`);
    expect(await refused(measure('mse', [[1, 2]], classes(1, 0)))).toContain(
      'needs labels that are quantities (labelType=value)',
    );
  });

  test('labels beyond the classes of the output, before any run', async () => {
    const run = () => {
      throw new Error('ran');
    };
    const measured = { data: dataOf(2, classes(1, 1, 2)), outputs: [port(1, 2)], run };
    expect(await refused(measureMetrics([await openMetric('top-1')], measured))).toContain(
      'LCC7013: The label of sample 1 is 2; there are 2 classes, from 0.',
    );
  });

  test('labels that do not fit the output', async () => {
    expect(
      await refused(measure('top-1', [[1, 2, 3, 4]], classes(1, 0), { shape: [1, 2, 2] })),
    ).toBe(`LCC7027: The metric top-1 does not fit the output "y".
  the output has: 2 positions of 2 values
  the metric takes: 1 position, as there are labels, of one value a class
  Next: Choose another metric, another output, or labels made for this model.`);
    expect(await refused(measure('top-1', [[1]], classes(1, 0)))).toContain('the output has: 1 position of 1 value\n');
    expect(await refused(measure('mae', [[1, 2]], quantities(1, 0)))).toContain('the output has: 2 values');
  });

  test('an unknown metric', async () => {
    expect(await refused(openMetric('top-3'))).toBe(`LCC7026: There is no metric "top-3".
  Next: Choose from ${metrics.map(({ name }) => name).join(', ')}, or name a module (.ts, .js or .mjs).`);
    expect(metrics.map(({ name }) => name)).toEqual([
      'top-1',
      'top-5',
      'f1',
      'mse',
      'mae',
      'perplexity',
      'perplexity-of-probabilities',
      'cosine',
      'agreement',
      'relative-error',
    ]);
  });
});

describe("the user's own", () => {
  const { write } = makeFolder();

  test('a function of outputs, feeds, labels and reference', async () => {
    const file = write(
      'mine.ts',
      `type Arrays = Record<string, ArrayLike<number>>;
       interface Sample { readonly feeds: Arrays; readonly labels: number[]; readonly reference: Arrays }
       export default (outputs: Arrays, { feeds, labels, reference }: Sample): number =>
         outputs.y![0]! + 10 * feeds.i![0]! + 100 * labels[0]! + 1000 * reference.y![0]!;`,
    );
    expect(await measure(file, [[1], [2]], classes(1, 3, 4), { reference: [[5], [6]] })).toEqual({
      value: (5301 + 6412) / 2,
      scores: [5301, 6412],
    });
    expect(await openMetric(file)).toMatchObject({ name: 'mine', higherIsBetter: true, needs: 'nothing' });
  });

  test('an object says more', async () => {
    const file = write(
      'more.mjs',
      "export default { name: 'gap', higherIsBetter: false, needs: 'reference', score: () => 1 };",
    );
    expect(await openMetric(file)).toMatchObject({ name: 'gap', higherIsBetter: false, needs: 'reference' });
  });

  test.each([
    ['export default 5;', 'its default export is no function and has none named score'],
    ["export default { needs: 'all', score: () => 1 };", 'needs is one of classes, values, reference, nothing'],
    ["export default () => 'good';", 'it gave string, not a number'],
    ["export default () => { throw new Error('no.'); };", 'no'],
  ])('%s', async (source, reason) => {
    const file = write('bad.ts', source);
    await expect(measure(file, [[1]])).rejects.toThrow(`LCC7025: The metric cannot be used: ${reason}.
  at ${file}
  Next: Export by default a function (outputs, sample) that returns a number, or { name, higherIsBetter, needs, score }.`);
  });
});
