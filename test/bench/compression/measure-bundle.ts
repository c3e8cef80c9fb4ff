import { brotliCompressSync, constants } from 'node:zlib';
import { check } from '../../../compiler/6-budget/check.ts';
import { downloadOf } from '../../../compiler/6-budget/check-result.ts';
import { type DataSet, type Feeds, labelsOf } from '../../../compiler/data/data-set.ts';
import type { Bundle } from '../../../compiler/ir/bundle.ts';

/** Brotli bytes of what one visitor downloads: index.js, the larger wasm module and model.lcw, from the emitted files. */
export async function shippedBytes(bundle: Bundle): Promise<number> {
  return downloadOf(await check(bundle, { limits: [] }));
}

/** Bytes after brotli 11. */
export const brotliBytes = (bytes: Uint8Array): number =>
  brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  }).length;

/** Share of samples whose class the bundle's first output is highest at, run in this process. */
export async function measureAccuracy(bundle: Bundle, data: DataSet): Promise<number> {
  const model = await bundle.load();
  return accuracyOf((feeds) => model.run(feeds), data);
}

/** The same of whatever runs; one output. */
export async function accuracyOf(
  run: (feeds: Feeds) => Promise<Readonly<Record<string, ArrayLike<number | bigint>>>>,
  data: DataSet,
): Promise<number> {
  const { labels } = data;
  if (labels === undefined) throw new Error('no labels');
  let right = 0;
  for (let i = 0; i < data.size; i++) {
    const [scores] = Object.values(await run(data.feedsOf(i)));
    if (scores !== undefined && indexOfLargest(scores) === labelsOf(labels, i)[0]) right++;
  }
  return right / data.size;
}

function indexOfLargest(values: ArrayLike<number | bigint>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] ?? 0) > (values[best] ?? 0)) best = i;
  return best;
}

export const meanOf = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
/** Largest less smallest. */
export const spreadOf = (values: readonly number[]): number => Math.max(...values) - Math.min(...values);

export const percent = (share: number, digits = 2): string => `${(100 * share).toFixed(digits)} %`;
/** A loss of accuracy, in points. */
export const points = (share: number): string => `${(100 * share).toFixed(2)}`;
export const times = (ratio: number): string => `${ratio.toFixed(2)}x`;
