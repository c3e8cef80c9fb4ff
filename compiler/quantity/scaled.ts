/** Powers of ten by unit. */
export type Exponents = Readonly<Record<string, number>>;

const number = /^\s*(-?\d+(?:\.\d+)?)\s*(\S*)\s*$/;

/** The number nearest to what is written: 95 % is 0.95, where 95 * 0.01 is more. Undefined for anything but a number and a unit. */
export function parseScaled(text: string, units: Exponents): number | undefined {
  const [, digits, unit = ''] = number.exec(text) ?? [];
  const exponent = Object.hasOwn(units, unit) ? units[unit] : undefined;
  return digits === undefined || exponent === undefined ? undefined : Number(`${digits}e${exponent}`);
}

/** `812 `, `12.3 K`, `1.05 M`, `2.00 G`, `1.50 T`: a number, a space, a prefix. */
export function printScaled(value: number): string {
  const size = Math.abs(value);
  if (size < 1000) return `${value} `;
  if (size < 999_950) return `${(value / 1e3).toFixed(1)} K`;
  if (size < 999_995_000) return `${(value / 1e6).toFixed(2)} M`;
  return size < 999_995_000_000 ? `${(value / 1e9).toFixed(2)} G` : `${(value / 1e12).toFixed(2)} T`;
}
