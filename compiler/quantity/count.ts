import { type Exponents, parseScaled, printScaled } from './scaled.ts';

const multiples: Exponents = { '': 0, k: 3, K: 3, M: 6, G: 9 };

/** `5 M` (5,000,000), `1.2 G` or `450000`; undefined for anything else. */
export const parseCount = (text: string): number | undefined => parseScaled(text, multiples);

/** `456`, `4.6 K`, `5.20 M`: multiply-adds, and whatever else is many. */
export const printCount = (count: number): string => printScaled(count).trimEnd();

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** Every digit: `12,345`. */
export const printWhole = (count: number): string => whole.format(count);

/** `1 place`, `3 places`. @param noun whose plural ends in s */
export const printNumberOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
