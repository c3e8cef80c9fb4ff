import { printQuantity, type Unit } from '../quantity/quantity.ts';
import { type Cause, type CheckRow, type NextStep, rowName } from './check-result.ts';
import { defOf } from './measures.ts';

/** `total brotli 14.0 KB of 13.0 KB (+500 B since the baseline)`; times with their interval. */
export function describeFigure(row: CheckRow): string {
  const { actual, limit, unit, interval, growth, isEstimated, isGrowth } = row;
  const figure = actual === undefined ? 'not measured' : signed(row, actual);
  const range = interval ? ` (${printQuantity(interval[0], 'ms')} to ${printQuantity(interval[1], 'ms')})` : '';
  const bound =
    limit === undefined ? '' : `, ${defOf(row.measure).isFloor ? 'at least' : 'at most'} ${printQuantity(limit, unit)}`;
  const of =
    limit === undefined || actual === undefined || defOf(row.measure).isFloor
      ? bound
      : ` of ${printQuantity(limit, unit)}`;
  const since = growth === undefined || isGrowth ? '' : ` (${printGrowth(row, growth)} since the baseline)`;
  return `${rowName(row)} ${figure}${isEstimated ? ' estimated' : ''}${range}${of}${since}`;
}

const signed = ({ isGrowth, unit }: CheckRow, value: number): string =>
  `${isGrowth && value >= 0 ? '+' : ''}${printQuantity(value, unit)}`;

export const printGrowth = ({ unit, isGrowth, measure }: CheckRow, growth: number): string =>
  `${growth < 0 ? '' : '+'}${printQuantity(growth, isGrowth ? defOf(measure).unit : unit)}`;

/** `1.0 KB too much`, or for a floor `0.30 % too little`. */
export const describeExcess = ({ over, unit, measure }: CheckRow): string =>
  `${printQuantity(over, unit)} too ${defOf(measure).isFloor ? 'little' : 'much'}`;

/** Parts, then what is behind them, then what would help; nothing for a row that is within its limit. */
export function describeReasons(row: CheckRow): string[] {
  if (row.verdict === 'ok') return [];
  if (row.verdict !== 'over') return row.reason === undefined ? [] : [row.reason];
  // What did not grow is not behind what did.
  const hasGrown = row.parts.some(({ growth = 0 }) => growth > 0);
  const parts = row.parts
    .filter(({ growth }) => !hasGrown || growth !== 0)
    .map(({ path, bytes, growth }) => `${path} ${printQuantity(bytes, 'bytes')}${printGrown(growth, 'bytes')}`);
  return [
    ...(row.reason === undefined ? [] : [row.reason]),
    ...parts,
    ...row.causes.map(describeCause),
    ...row.next.map(describeStep),
    ...(row.remedy === undefined ? [] : [`Next: ${row.remedy}`]),
  ];
}

const words: Readonly<Record<Unit, string>> = { bytes: '', ms: '', macs: ' multiply-adds', share: ' of the metric' };

/** ` (+300 B)`; nothing where there is no baseline or it is as in that. */
const printGrown = (growth = 0, unit: Unit): string =>
  growth === 0 ? '' : ` (${growth < 0 ? '' : '+'}${printQuantity(growth, unit)})`;

function describeCause({ kind, name, layer, amount, unit, growth, pass }: Cause): string {
  const lost = kind === 'pass' ? 'lost ' : '';
  const place = layer === undefined ? '' : `layer ${layer}: `;
  return `${place}${kind} ${name} ${lost}${printQuantity(amount, unit)}${words[unit]}${printGrown(growth, unit)}${pass === undefined ? '' : `, ${pass}`}`;
}

const describeStep = ({ action, saves, unit, loss }: NextStep): string =>
  `${action} ${unit === 'share' ? 'brings back' : 'saves'} about ${printQuantity(saves, unit)}${words[unit]}${loss === undefined ? '' : `, ${loss}`}`;
