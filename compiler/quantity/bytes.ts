import { printScaled } from './scaled.ts';

/** A power of ten is written behind the digits: a product would be a byte off. */
const units: Readonly<Record<string, readonly [exponent: number, factor: number]>> = {
  '': [0, 1],
  B: [0, 1],
  KB: [3, 1],
  MB: [6, 1],
  GB: [9, 1],
  KIB: [0, 1024],
  MIB: [0, 1024 ** 2],
  GIB: [0, 1024 ** 3],
};

/** `300KB` (300,000), `64 KiB` (65,536), `1.5 MB` or `1200`; undefined for anything else. Bytes, a whole number. */
export function parseBytes(text: string): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  const unit = units[match?.[2]?.toUpperCase() ?? '?'];
  if (match?.[1] === undefined || unit === undefined) return undefined;
  const [exponent, factor] = unit;
  return Math.floor(Number(`${match[1]}e${exponent}`) * factor);
}

/** `812 B`, `12.3 KB`, `1.05 MB`. KB is 1000 bytes. */
export const printBytes = (bytes: number): string => `${printScaled(Math.round(bytes))}B`;
