import { tokenizerMissing } from '../diagnostics/data.ts';
import { type DataPort, ignoredLabel } from './data-set.ts';
import { portSize } from './fit-port.ts';
import type { ReadRequest } from './formats/format.ts';
import { features, type RawLabels, type Samples } from './samples.ts';
import { openTokenizer } from './tokenizer.ts';

/** What an input of a text model takes, by its name; an input that says nothing takes the ids. */
function roleOf({ name }: DataPort): 'mask' | 'segment' | 'position' | 'ids' {
  if (/mask/i.test(name)) return 'mask';
  if (/token_type|segment/i.test(name)) return 'segment';
  return /position/i.test(name) ? 'position' : 'ids';
}

/**
 * Texts as token ids, padded or cut to the input's length; attention masks, segments and positions for the inputs
 * named so. With labels=next each token's label is the one after it.
 * @throws LccError LCC7018 without a tokenizer, and those of `openTokenizer`
 */
export async function textSamples(
  request: ReadRequest,
  texts: readonly string[],
  labels?: RawLabels,
): Promise<Samples> {
  const { file, ports, options } = request;
  if (options.tokenizer === undefined) throw tokenizerMissing(file);
  const tokenizer = await openTokenizer(file, options.tokenizer);
  const length = Math.min(...ports.map(portSize));
  const encoded = texts.map((text) => tokenizer.encode(text, Math.min(length, options.maxLength ?? length)));
  const row = (ids: readonly number[], rest: number): number[] => Array.from({ length }, (_, i) => ids[i] ?? rest);
  return {
    file,
    size: texts.length,
    labels: options.labels === 'next' ? nextTokens(encoded, length) : labels,
    isAlwaysValid: false,
    sampleOf: (i) => {
      const ids = encoded[i] ?? [];
      const values = {
        ids: () => row(ids, tokenizer.padId),
        mask: () =>
          row(
            ids.map(() => 1),
            0,
          ),
        segment: () => row([], 0),
        position: () => Array.from({ length }, (_, at) => at),
      };
      return Object.fromEntries(ports.map((port) => [port.name, features(values[roleOf(port)]())]));
    },
  };
}

const nextTokens = (encoded: readonly (readonly number[])[], length: number): RawLabels => ({
  values: encoded.flatMap((ids) => Array.from({ length }, (_, i) => ids[i + 1] ?? ignoredLabel)),
  width: length,
  storedAs: 'integers',
});
