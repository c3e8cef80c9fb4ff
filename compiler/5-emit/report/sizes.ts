import { hierarchy, treemap } from 'd3-hierarchy';
import type { Manifest } from '../../ir/report.ts';
import { printBytes } from '../../quantity/bytes.ts';
import { printWhole } from '../../quantity/count.ts';
import { printShare } from '../../quantity/share.ts';
import { type Html, html } from './html.ts';
import { percent } from './plot.ts';
import type { Download, SizePart } from './size-parts.ts';
import { foldTable, printTable } from './table.ts';

/** Where the download's bytes are: a treemap by layer and part, and the files. */
export const printSizes = (download: Download, { files, inside = {} }: Manifest): Html => html`
<figure><figcaption>After brotli, by layer and part: the areas add up to ${printBytes(download.total)}</figcaption>
${printTreemap(download)}${legend}</figure>
${foldTable({
  caption: 'bytes by layer and part',
  columns: [
    { name: 'layer', isText: true },
    { name: 'part', isText: true },
    { name: 'bytes raw' },
    { name: 'bytes brotli, estimated' },
    { name: 'share' },
  ],
  rows: download.parts.map(({ layer, kind, raw, brotli }) => [
    layer,
    kind,
    printWhole(raw),
    printWhole(brotli),
    printShare(brotli / download.total),
  ]),
})}
<p class="note">A file's bytes after brotli are shared out among its layers by their raw bytes. Of wasm modules that exclude
each other the largest is downloaded; bytes of kernels are those of the plain module. Code that layers share counts at the first.</p>
${printTable({
  caption: 'files, bytes',
  columns: [{ name: 'file', isText: true }, { name: 'raw' }, { name: 'gzip' }, { name: 'brotli' }],
  rows: [
    ...Object.entries(files).map(([path, { sizes }]) => [path, ...countsOf(sizes)]),
    ...Object.entries(inside).map(([name, sizes]) => [`index.js: ${name}`, ...countsOf(sizes)]),
  ],
})}`;

const countsOf = ({ raw, gzip, brotli }: Manifest['files'][string]['sizes']): string[] =>
  [raw, gzip, brotli].map(printWhole);

const legend = html`<p class="legend">${(['weights', 'wasm', 'shaders', 'JavaScript'] as const).map(
  (kind) => html`<span class="key ${kind}"></span>${kind} `,
)}</p>`;

/** Layers of less than this share of the download are drawn as one. */
const leastShare = 0.004;

interface Branch {
  readonly layer: string;
  readonly children: readonly SizePart[];
}

type Datum = { readonly children: readonly Branch[] } | Branch | SizePart;

/** Of these proportions, which phones and screens stretch a little. */
const proportions = [3, 2] as const;

function printTreemap({ parts, total }: Download): Html {
  const root = hierarchy<Datum>({ children: branchesOf(parts, total) }, (d) =>
    'children' in d ? [...d.children] : undefined,
  )
    .sum((d) => ('brotli' in d ? d.brotli : 0))
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
  const [width, height] = proportions;
  const placed = treemap<Datum>().size([width, height])(root);
  return html`
<div class="treemap" role="img" aria-label="Treemap of the download by layer and part">${placed
    .leaves()
    .map(({ data, x0, x1, y0, y1 }) => {
      if (!('brotli' in data)) return html``;
      const box = [x0 / width, y0 / height, (x1 - x0) / width, (y1 - y0) / height].map((part) => percent(100 * part));
      return printTile(data, box, data.brotli / total);
    })}</div>`;
}

/** Percent of a phone's treemap that a tile's text needs: across, and down for one line, two and three. */
const leastWidth = 9;
const lineHeights = [8, 13.5, 19];

function printTile({ layer, kind, brotli }: SizePart, box: readonly number[], share: number): Html {
  const [left = 0, top = 0, width = 0, height = 0] = box;
  const text = `${layer}, ${kind}: ${printBytes(Math.round(brotli))}, ${printShare(share)}`;
  const lines = [html`<b>${layer}</b>`, html`<i>${printBytes(Math.round(brotli))}</i>`, html`<i>${kind}</i>`];
  const count = width < leastWidth ? 0 : lineHeights.filter((least) => height >= least).length;
  return html`
<div class="${kind}" style="left:${left}%;top:${top}%;width:${width}%;height:${height}%" title="${text}">${
    count > 0 ? html`<span>${lines.slice(0, count)}</span>` : undefined
  }</div>`;
}

/** Parts by layer, small layers as one. */
function branchesOf(parts: readonly SizePart[], total: number): Branch[] {
  const layers = new Map<string, SizePart[]>();
  for (const part of parts) layers.set(part.layer, [...(layers.get(part.layer) ?? []), part]);
  const isSmall = (all: readonly SizePart[]): boolean => all.reduce((sum, p) => sum + p.brotli, 0) < leastShare * total;
  const small = [...layers.values()].filter(isSmall);
  const large = [...layers].filter(([, all]) => !isSmall(all)).map(([layer, children]) => ({ layer, children }));
  if (small.length < 2) return [...layers].map(([layer, children]) => ({ layer, children }));
  const layer = `${small.length} small layers`;
  return [...large, { layer, children: mergeKinds(layer, small.flat()) }];
}

function mergeKinds(layer: string, parts: readonly SizePart[]): SizePart[] {
  const kinds = [...new Set(parts.map(({ kind }) => kind))];
  return kinds.map((kind) => {
    const all = parts.filter((part) => part.kind === kind);
    const sum = (field: 'raw' | 'brotli'): number => all.reduce((total, part) => total + part[field], 0);
    return { layer, kind, raw: sum('raw'), brotli: sum('brotli') };
  });
}
