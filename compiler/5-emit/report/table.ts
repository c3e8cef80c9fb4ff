import { type Html, html } from './html.ts';

export interface Column {
  readonly name: string;
  readonly isText?: true;
}

export type Cell = string | number | undefined;

export interface Table {
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Scrolls by itself where it is wider than the page. */
export const printTable = ({ caption, columns, rows }: Table): Html => html`
<div class="table" role="region" aria-label="${caption}" tabindex="0"><table><caption>${caption}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col"${classOf(column)}>${column.name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => printRow(columns, row))}</tbody></table></div>`;

const printRow = (columns: readonly Column[], row: readonly Cell[]): Html => html`
<tr>${columns.map((column, i) => html`<td${classOf(column)}>${row[i]}`)}`;

const classOf = ({ isText }: Column): Html => (isText ? html` class="text"` : html``);

/** The numbers behind a figure, shown on demand. */
export const foldTable = (table: Table): Html => html`
<details><summary>Table: ${table.caption}</summary>${printTable(table)}</details>`;
