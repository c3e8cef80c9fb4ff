import { createHash } from 'node:crypto';
import type { Feeds } from './data-set.ts';

/** SHA-256 over inputs in port order, 128 bits of it. */
export function hashFeeds(feeds: Feeds): string {
  const hash = createHash('sha256');
  for (const data of Object.values(feeds)) hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return hash.digest('hex').slice(0, 32);
}
