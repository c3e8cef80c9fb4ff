import { brotliCompressSync, constants } from 'node:zlib';
import type { PoolEntry, StoredEntry } from '../ir/program.ts';

/** A form of an entry that decodes to exactly its bytes. */
export interface ExactForm {
  readonly entry: PoolEntry;
  readonly stored: StoredEntry;
}

/** What a bundle's code grows by, after compression, with the decoder of float16. */
const decoderBytes = 480;

/**
 * The forms that make a bundle smaller after compression, by entry: each one does, and all together pay for their decoder
 * unless the bundle has it anyway.
 */
export function worthwhile(forms: readonly ExactForm[], hasDecoder: boolean): ReadonlyMap<PoolEntry, StoredEntry> {
  const saving = forms
    .map((form) => ({ ...form, saved: compressedBytes(form.entry.bytes) - compressedBytes(form.stored.bytes) }))
    .filter(({ saved }) => saved > 0);
  const total = saving.reduce((sum, { saved }) => sum + saved, 0);
  return hasDecoder || total > decoderBytes ? new Map(saving.map(({ entry, stored }) => [entry, stored])) : new Map();
}

/** At a quality that takes milliseconds a megabyte; the comparison is what counts. */
const compressedBytes = (bytes: Uint8Array): number =>
  brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }).length;
