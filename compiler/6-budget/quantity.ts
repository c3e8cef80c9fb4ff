import { printByteCount } from './byte-count.ts';

/** What a figure of a check counts: bytes, milliseconds, multiply-adds, or a share from 0 to 1. */
export type Unit = 'bytes' | 'ms' | 'macs' | 'share';

const number = /^\s*(-?\d+(?:\.\d+)?)\s*(\S*)\s*$/;

const milliseconds: Readonly<Record<string, number>> = { '': 1, ms: 1, s: 1000, us: 1e-3, µs: 1e-3 };

/** `4 ms`, `0.8 s`, `250 us`, or a number of milliseconds; undefined for anything else. */
export const parseDuration = (text: string): number | undefined => scaled(text, milliseconds);

const multiples: Readonly<Record<string, number>> = { '': 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9 };

/** `5 M` (5,000,000), `1.2 G` or `450000`; undefined for anything else. */
export const parseCount = (text: string): number | undefined => scaled(text, multiples);

/** `0.5 %`, or a share from 0 to 1; undefined for anything else. A bare number above 1 is neither. */
export function parseShare(text: string): number | undefined {
  const value = scaled(text, { '%': 0.01, '': 1 });
  return value === undefined || (!text.includes('%') && Math.abs(value) > 1) ? undefined : value;
}

function scaled(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, digits, unit = ''] = number.exec(text) ?? [];
  const scale = Object.hasOwn(units, unit) ? units[unit] : undefined;
  return digits === undefined || scale === undefined ? undefined : Number(digits) * scale;
}

/** As people write it: `12.3 KB`, `4.21 ms`, `5.2 M`, `98.31 %`. */
export function printQuantity(value: number, unit: Unit): string {
  switch (unit) {
    case 'bytes':
      return printByteCount(Math.round(value));
    case 'ms':
      return printDuration(value);
    case 'macs':
      return printCount(value);
    case 'share':
      return `${(100 * value).toFixed(2)} %`;
    default:
      return unit satisfies never;
  }
}

function printDuration(ms: number): string {
  const size = Math.abs(ms);
  if (size >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${size < 1 ? ms.toFixed(3) : size < 100 ? ms.toFixed(2) : ms.toFixed(0)} ms`;
}

function printCount(count: number): string {
  const size = Math.abs(count);
  if (size < 1e3) return String(count);
  if (size < 1e6) return `${(count / 1e3).toFixed(1)} K`;
  return size < 1e9 ? `${(count / 1e6).toFixed(2)} M` : `${(count / 1e9).toFixed(2)} G`;
}
