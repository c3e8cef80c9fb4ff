import type { TypedArray } from '../tensor/dtype.ts';
import type { Graph } from './graph.ts';

/** One sample: an array per graph input, by name, typed and sized as the input. */
export type Feeds = Readonly<Record<string, TypedArray>>;

/** A graph made ready to run in this process, one sample at a time. */
export interface Runner {
  /** Fresh arrays of the outputs by name. */
  run(feeds: Feeds): Readonly<Record<string, TypedArray>>;
  /** The same, but good until the next run only: nothing is copied that need not be. */
  peek(feeds: Feeds): Readonly<Record<string, TypedArray>>;
}

/** Makes a graph ready to run: the in-process wasm build, fast enough for data sets. */
export type MakeRunner = (graph: Graph) => Runner;

/** What a graph would ship as and run like. */
export interface ShippedSize {
  /** brotli bytes of the code that one visitor downloads */
  readonly code: number;
  /** brotli bytes of the weights file */
  readonly weights: number;
  /** multiply-adds of a run */
  readonly macs: number;
  /** of a run on the device that the target is for, estimated */
  readonly milliseconds: number;
  /** bytes of constants once decoded, inputs, outputs and scratch */
  readonly memory: number;
}

export type MeasureSize = (graph: Graph) => Promise<ShippedSize>;
