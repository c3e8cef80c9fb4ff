import { sampleValueWrong } from '../diagnostics/data.ts';
import type { DataPort, DataSet } from './data-set.ts';

/**
 * Data for a bundle that takes 64-bit integers as 32 bits. @param wide the ports whose integers it so takes
 * @throws LccError LCC7009 when a sample is read that does not fit
 */
export function within32Bits(data: DataSet, wide: readonly DataPort[]): DataSet {
  if (wide.length === 0) return data;
  return {
    ...data,
    feedsOf: (sample) => {
      const feeds = data.feedsOf(sample);
      for (const { name, dtype } of wide) {
        const isSigned = dtype === 'int64';
        const [low, high] = isSigned ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
        feeds[name]?.forEach((value: number | bigint, element) => {
          if (value >= low && value <= high) return;
          const place = { file: data.name, sample, input: name };
          throw sampleValueWrong(place, element, String(value), `outside of ${isSigned ? 'int32' : 'uint32'}`);
        });
      }
      return feeds;
    },
  };
}
