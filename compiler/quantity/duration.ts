import { type Exponents, parseScaled } from './scaled.ts';

const milliseconds: Exponents = { '': 0, ms: 0, s: 3, us: -3, µs: -3 };

/** `4 ms`, `0.8 s`, `250 us`, or a number of milliseconds; undefined for anything else. */
export const parseDuration = (text: string): number | undefined => parseScaled(text, milliseconds);

/** Of what is measured, three digits or so: `12.3 µs`, `0.213 ms`, `4.21 ms`, `812 ms`, `12.3 s`. */
export function printDuration(ms: number): string {
  const size = Math.abs(ms);
  if (size >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (size >= 100) return `${ms.toFixed(0)} ms`;
  if (size >= 1) return `${ms.toFixed(2)} ms`;
  return size >= 0.1 || size === 0
    ? `${ms.toFixed(size === 0 ? 0 : 3)} ms`
    : `${(1000 * ms).toFixed(size < 0.01 ? 2 : 1)} µs`;
}

/** Of what people wait for: `45 s`, `12 min`, `3.5 h`. */
export function printWait(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}
