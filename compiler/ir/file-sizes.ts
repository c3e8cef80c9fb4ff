import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Sizes } from './report.ts';

const compressBrotli = promisify(brotliCompress);
const compressGzip = promisify(gzip);

/** Beyond this brotli 11 takes minutes, and finds one percent more in weights. */
const slowestBytes = 4_000_000;

/**
 * Bytes of a file as it is and after the compression of a well set up static server: gzip 9 and brotli 11, brotli 9 for
 * files of more than 4 MB.
 */
export async function measureSizes(bytes: Uint8Array): Promise<Sizes> {
  const quality = bytes.length > slowestBytes ? 9 : 11;
  const [zipped, brotlied] = await Promise.all([
    compressGzip(bytes, { level: 9 }),
    compressBrotli(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    }),
  ]);
  return { raw: bytes.length, gzip: zipped.length, brotli: brotlied.length };
}
