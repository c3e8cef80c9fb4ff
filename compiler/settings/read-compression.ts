import { allAuto, allOff, isLimited, type Limits, type Switches } from '../3-compress/plan/options.ts';
import { flagInvalid } from '../diagnostics/cli.ts';
import { autoNeedsLimit } from '../diagnostics/compress.ts';
import type { CompressionOptions } from '../ir/bundle.ts';
import { parseBytes } from '../quantity/bytes.ts';
import { parseDuration } from '../quantity/duration.ts';
import { parseShare } from '../quantity/share.ts';

export interface Compression {
  readonly switches: Switches;
  readonly limits: Limits;
}

/** What the options ask of lossy compression; undefined where they ask for none. @throws LccError LCC0002, LCC3002 */
export function readCompression(options: CompressionOptions): Compression | undefined {
  const { maxDrop, maxSize, maxLatency, maxMemory } = options;
  const limits: Limits = {
    drop: maxDrop === undefined ? undefined : readDrop(maxDrop),
    size: maxSize === undefined ? undefined : readBytes('--max-size', maxSize),
    latency: maxLatency === undefined ? undefined : readMilliseconds(maxLatency),
    memory: maxMemory === undefined ? undefined : readBytes('--max-memory', maxMemory),
  };
  const { collapse, rank, width, blocks, quantize } = options;
  const asked = { collapse, rank, width, blocks, quantize };
  if (!isLimited(limits) && !options.sweep) {
    for (const [name, value] of Object.entries(asked)) if (value === 'auto') throw autoNeedsLimit(`--${name}`);
  }
  if (typeof rank === 'number' && !(rank > 0 && rank <= 1))
    throw flagInvalid('--rank', String(rank), 'auto, off, or a share of variance above 0 and up to 1');
  const base = isLimited(limits) || options.sweep ? allAuto : allOff;
  const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
  const switches: Switches = { ...base, ...given };
  const isAsked = isLimited(limits) || options.plan !== undefined || options.sweep === true;
  const isIdle = Object.values(switches).every((value) => value === 'off');
  return isIdle && !isAsked ? undefined : { switches, limits };
}

/** In the metric's unit, be it larger than 1; text with `%` is a share. */
function readDrop(drop: number | string): number {
  const value = typeof drop === 'number' ? drop : isShareText(drop) ? parseShare(drop) : parseNumber(drop);
  if (value !== undefined && Number.isFinite(value) && value >= 0) return value;
  throw flagInvalid('--max-drop', String(drop), 'an amount from 0, such as 1% or 0.01 for one percentage point');
}

/** Whether a drop is one of a share, whatever the metric is. */
export const isShareText = (drop: number | string | undefined): boolean =>
  typeof drop === 'string' && drop.includes('%');

const parseNumber = (text: string): number | undefined => (text.trim() === '' ? undefined : Number(text));

function readBytes(flag: string, value: number | string): number {
  const bytes = parseBytes(String(value));
  if (bytes === undefined || bytes === 0) throw flagInvalid(flag, String(value), 'a size such as 300KB');
  return bytes;
}

function readMilliseconds(value: number | string): number {
  const milliseconds = parseDuration(String(value));
  if (milliseconds === undefined || milliseconds <= 0)
    throw flagInvalid('--max-latency', String(value), 'a time such as 8ms');
  return milliseconds;
}
