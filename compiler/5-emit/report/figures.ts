import { format } from 'd3-format';

const threeDigits = format('.3s');
const threeRounded = format('.3r');

/** Three digits: `812 B`, `12.3 KB`, `1.05 MB`. KB is 1000 bytes. */
export const printBytes = (bytes: number): string =>
  bytes < 1000 ? `${printCount(bytes)} B` : `${threeDigits(bytes).replace(/\D$/, (unit) => ` ${unit.toUpperCase()}B`)}`;

/** Whole: `12,345`. */
export const printCount = format(',.0f');

/** Multiply-adds: `456 K`, `12.3 M`. */
export const printWork = (macs: number): string =>
  macs < 1000 ? printCount(macs) : threeDigits(macs).replace(/\D$/, (unit) => ` ${unit.toUpperCase()}`);

/** A share of 1 as `12.34 %`. */
export const printShare = (share: number): string => `${format('.2f')(100 * share)} %`;

/** `12.3 µs`, `1.23 ms`. */
export const printMs = (ms: number): string => (ms < 0.1 ? `${threeRounded(1000 * ms)} µs` : `${threeRounded(ms)} ms`);
