import { parseScaled } from './scaled.ts';

/** `0.5 %`, or a share from 0 to 1; undefined for anything else. A bare number above 1 is neither. */
export function parseShare(text: string): number | undefined {
  const value = parseScaled(text, { '%': -2, '': 0 });
  return value === undefined || (!text.includes('%') && Math.abs(value) > 1) ? undefined : value;
}

/** Of 1, in per cent: `98.31 %`. */
export const printShare = (share: number): string => `${(100 * share).toFixed(2)} %`;
