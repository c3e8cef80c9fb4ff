import { printBytes } from './bytes.ts';
import { printCount } from './count.ts';
import { printDuration } from './duration.ts';
import { printShare } from './share.ts';

/** What a figure of a check counts: bytes, milliseconds, multiply-adds, or a share from 0 to 1. */
export type Unit = 'bytes' | 'ms' | 'macs' | 'share';

const printers: Readonly<Record<Unit, (value: number) => string>> = {
  bytes: printBytes,
  ms: printDuration,
  macs: printCount,
  share: printShare,
};

/** As people write it: `12.3 KB`, `4.21 ms`, `5.20 M`, `98.31 %`. */
export const printQuantity = (value: number, unit: Unit): string => printers[unit](value);
