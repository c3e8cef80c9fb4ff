import { line } from 'd3-shape';
import { type Html, html } from './html.ts';

/** What the axes of d3-scale have in common. */
export interface Scale {
  (value: number): number;
  ticks(count?: number): number[];
}

export interface Axis {
  readonly name: string;
  /** to 0..100, percent of the plot from its left, or from its top */
  readonly scale: Scale;
  readonly print: (value: number) => string;
  /** about as many ticks */
  readonly ticks?: number;
  /** percent between two of them at least, where labels would overlap */
  readonly spacing?: number;
}

export interface Plot {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  /** pixels */
  readonly height: number;
  readonly marks: readonly Html[];
}

/** As wide as there is room, with text of one size: all positions are in percent. */
export const printPlot = ({ title, x, y, height, marks }: Plot): Html => html`
<figure><figcaption>${title}</figcaption>
<svg class="plot" role="img" aria-label="${title}: ${y.name} over ${x.name}" height="${height}">
${ticksOf(y).map(
  ({ at, label }) =>
    html`<line class="grid" x2="100%" y1="${at}%" y2="${at}%"/><text x="-6" y="${at}%" dy=".32em" text-anchor="end">${label}</text>`,
)}
${ticksOf(x).map(
  ({ at, label }) =>
    html`<line class="tick" x1="${at}%" x2="${at}%" y1="100%" y2="100%"/><text x="${at}%" y="100%" dy="1.4em" text-anchor="${anchorAt(at)}">${label}</text>`,
)}
${marks}
<text class="axis" x="50%" y="100%" dy="2.9em" text-anchor="middle">${x.name}</text></svg></figure>`;

interface Tick {
  readonly at: number;
  readonly label: string;
}

/** Ticks that say the same as the one before, or stand too close to it, are left out. */
function ticksOf({ scale, print, ticks = 4, spacing = 0 }: Axis): Tick[] {
  const kept: Tick[] = [];
  for (const value of scale.ticks(ticks)) {
    const [at, label, last] = [percent(scale(value)), print(value), kept.at(-1)];
    const isFree = last === undefined || (last.label !== label && Math.abs(at - last.at) >= spacing);
    if (at >= 0 && at <= 100 && label !== '' && isFree) kept.push({ at, label });
  }
  return kept;
}

const anchorAt = (at: number): string => (at < 4 ? 'start' : at > 96 ? 'end' : 'middle');

/** Two digits behind the point. */
export const percent = (value: number): number => Math.round(100 * value) / 100;

export type Point = readonly [x: number, y: number];

/** A line through points given in percent. */
export const printLine = (points: readonly Point[]): Html => html`
<svg viewBox="0 0 100 100" preserveAspectRatio="none" width="100%" height="100%"><path class="line" d="${line().digits(2)(points.map(([x, y]) => [x, y])) ?? ''}"/></svg>`;

export const printDot = ([x, y]: Point, kind: string, label: string): Html => html`
<circle class="${kind}" cx="${percent(x)}%" cy="${percent(y)}%" r="5"><title>${label}</title></circle>`;
