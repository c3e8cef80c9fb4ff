import { scaleLinear } from 'd3-scale';
import { type Html, html } from './html.ts';

export interface Bar {
  readonly name: string;
  readonly detail: string;
  readonly value: number;
}

/** One bar under each name, as long as its value. */
export function printBars(label: string, bars: readonly Bar[], print: (value: number) => string): Html {
  const length = scaleLinear([0, Math.max(0, ...bars.map(({ value }) => value)) || 1], [0, 100]);
  return html`
<ol class="bars" aria-label="${label}">${bars.map(
    ({ name, detail, value }) => html`
<li><span><b>${name}</b> ${detail}</span><span>${print(value)}</span><i style="width:${length(value).toFixed(2)}%"></i></li>`,
  )}</ol>`;
}
