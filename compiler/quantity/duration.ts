import { type Exponents, parseScaled } from './scaled.ts';

const milliseconds: Exponents = { '': 0, ms: 0, s: 3, us: -3, µs: -3 };

/** `4 ms`, `0.8 s`, `250 us`, or a number of milliseconds; undefined for anything else. */
export const parseDuration = (text: string): number | undefined => parseScaled(text, milliseconds);

/** Of what is measured, three digits or so: `2.34 µs`, `213 µs`, `4.21 ms`, `812 ms`, `12.3 s`. */
export function printDuration(ms: number): string {
  const size = Math.abs(ms);
  if (size >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return size >= 1 || size === 0 ? `${threeDigits(ms)} ms` : `${threeDigits(1000 * ms)} µs`;
}

const threeDigits = (value: number): string => {
  const size = Math.abs(value);
  return value.toFixed(size === 0 || size >= 100 ? 0 : size >= 10 ? 1 : 2);
};

/** Of what people wait for: `45 s`, `12 min`, `3.5 h`. */
export function printWait(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}
