import { printByteCount } from './byte-count.ts';

/** What a figure of a check counts: bytes, milliseconds, multiply-adds, or a share from 0 to 1. */
export type Unit = 'bytes' | 'ms' | 'macs' | 'share';

const number = /^\s*(-?\d+(?:\.\d+)?)\s*(\S*)\s*$/;

/** Powers of ten by unit. */
type Exponents = Readonly<Record<string, number>>;

const milliseconds: Exponents = { '': 0, ms: 0, s: 3, us: -3, µs: -3 };

/** `4 ms`, `0.8 s`, `250 us`, or a number of milliseconds; undefined for anything else. */
export const parseDuration = (text: string): number | undefined => scaled(text, milliseconds);

const multiples: Exponents = { '': 0, k: 3, K: 3, M: 6, G: 9 };

/** `5 M` (5,000,000), `1.2 G` or `450000`; undefined for anything else. */
export const parseCount = (text: string): number | undefined => scaled(text, multiples);

/** `0.5 %`, or a share from 0 to 1; undefined for anything else. A bare number above 1 is neither. */
export function parseShare(text: string): number | undefined {
  const value = scaled(text, { '%': -2, '': 0 });
  return value === undefined || (!text.includes('%') && Math.abs(value) > 1) ? undefined : value;
}

/** The number nearest to what is written: 95 % is 0.95, where 95 * 0.01 is more. */
function scaled(text: string, units: Exponents): number | undefined {
  const [, digits, unit = ''] = number.exec(text) ?? [];
  const exponent = Object.hasOwn(units, unit) ? units[unit] : undefined;
  return digits === undefined || exponent === undefined ? undefined : Number(`${digits}e${exponent}`);
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
