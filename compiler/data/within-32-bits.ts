import { sampleValueWrong } from '../diagnostics/data.ts';
import type { DataPort, DataSet } from './data-set.ts';

/**
 * Data for hosts without BigInt, where a bundle takes 64-bit integers as 32 bits.
 * @throws LccError LCC7009 when a sample is read that does not fit
 */
export function within32Bits(data: DataSet, ports: readonly DataPort[]): DataSet {
  const wide = ports.filter(({ dtype }) => dtype === 'int64' || dtype === 'uint64');
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
