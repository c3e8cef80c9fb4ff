import { scaleLinear } from 'd3-scale';
import type { ArenaBuffer } from '../../ir/program.ts';
import type { Manifest } from '../../ir/report.ts';
import { printBytes } from '../../quantity/bytes.ts';
import { printWhole } from '../../quantity/count.ts';
import { type Html, html } from './html.ts';
import { percent, printPlot } from './plot.ts';
import { foldTable } from './table.ts';

/** Percent: smaller buffers are to be seen too. */
const leastHeight = 0.8;

/** Where each buffer lies while a run needs it. */
export function printMemory({ memory, calls }: Manifest): Html {
  const { constants, arena, buffers } = memory;
  const x = scaleLinear([-1, calls.length + 1], [0, 100]);
  const y = scaleLinear([0, arena || 1], [100, 0]);
  const box = ({ offset, bytes, first, last }: ArenaBuffer) => ({
    left: percent(x(first)),
    top: Math.min(100 - leastHeight, percent(y(offset + bytes))),
    width: percent(x(last + 1) - x(first)),
    height: Math.max(leastHeight, percent(y(offset) - y(offset + bytes))),
  });
  return html`
<p>Decoded weights take ${printBytes(constants)} throughout. Inputs, outputs and scratch share ${printBytes(arena)}, a buffer's
place free for others once nothing reads it any more.</p>
${printPlot({
  title: 'Inputs, outputs and scratch over one run',
  x: { name: 'call', scale: x, print: (step) => (Number.isInteger(step) && step >= 0 ? printWhole(step) : '') },
  y: { name: 'address', scale: y, print: (bytes) => printBytes(Math.round(bytes)) },
  height: 260,
  marks: buffers.map((buffer, i) => printBuffer(buffer, box(buffer), i)),
})}
${foldTable({
  caption: 'buffers',
  columns: [
    { name: 'value', isText: true },
    { name: 'from byte' },
    { name: 'bytes' },
    { name: 'from call' },
    { name: 'to call' },
  ],
  rows: buffers.map(({ name, offset, bytes, first, last }) => [
    name,
    printWhole(offset),
    printWhole(bytes),
    first < 0 ? 'before' : first,
    last >= calls.length ? 'after' : last,
  ]),
})}`;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const hues = 5;

function printBuffer({ name, bytes, first, last }: ArenaBuffer, { left, top, width, height }: Box, i: number): Html {
  const label = `${name}: ${printBytes(bytes)}, calls ${Math.max(0, first)} to ${last}`;
  const hasRoom = width > 12 && height > 8;
  return html`
<svg x="${left}%" y="${top}%" width="${width}%" height="${height}%"><rect class="buffer hue${i % hues}" width="100%" height="100%"><title>${label}</title></rect>${
    hasRoom ? html`<text x="5" y="50%" dy=".32em">${name}</text>` : undefined
  }</svg>`;
}
