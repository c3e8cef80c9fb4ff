/** Which lossy passes may act. `auto`: the planner decides by measurement. */
export interface Switches {
  readonly collapse: 'auto' | 'off' | 'all';
  /** a number is the share of a layer's output variance to keep everywhere, 0..1 */
  readonly rank: 'auto' | 'off' | number;
  readonly width: 'auto' | 'off';
  readonly blocks: 'auto' | 'off';
  readonly quantize: 'auto' | 'off' | 'fp16' | 'int8' | 'int4';
}

/** What the result has to meet; undefined limits nothing. */
export interface Limits {
  /** brotli bytes of all that one visitor downloads */
  readonly size: number | undefined;
  /** estimated milliseconds of a run */
  readonly latency: number | undefined;
  /** bytes of decoded weights, inputs, outputs and scratch */
  readonly memory: number | undefined;
  /** of the metric, absolute; without labels of the L2 error of the outputs over their variation */
  readonly drop: number | undefined;
}

export const allOff: Switches = { collapse: 'off', rank: 'off', width: 'off', blocks: 'off', quantize: 'off' };
export const allAuto: Switches = { collapse: 'auto', rank: 'auto', width: 'auto', blocks: 'auto', quantize: 'auto' };

export const isLimited = ({ size, latency, memory, drop }: Limits): boolean =>
  [size, latency, memory, drop].some((limit) => limit !== undefined);
