import type { LoadOptions, Model } from '../../runtime/abi.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Graph } from './graph.ts';
import type { Program } from './program.ts';
import type { CompressionReport, KernelReport, PassReport, PlannedAction, Proof, Report } from './report.ts';
import type { Feeds } from './trial.ts';

/** The stages of a compile in order; `lcc inspect --after <stage>` names them. */
export const stages = ['ingest', 'compress', 'lower', 'emit', 'parity'] as const;
export type Stage = (typeof stages)[number];

/** What a stage hands on, told once the stage is done. `ms` is its wall time; emit and parity overlap. */
export type StageEvent = { readonly ms: number } & (
  | { readonly stage: 'ingest'; readonly graph: Graph; readonly notes: readonly string[] }
  | {
      readonly stage: 'compress';
      readonly graph: Graph;
      readonly passes: readonly PassReport[];
      readonly compression: CompressionReport | undefined;
      /** warnings about the data that was measured on, and what became of fine-tuning */
      readonly notes: readonly string[];
    }
  | { readonly stage: 'lower'; readonly program: Program; readonly kernels: readonly KernelReport[] }
  | { readonly stage: 'emit'; readonly files: ReadonlyMap<string, Uint8Array> }
  | { readonly stage: 'parity'; readonly proofs: readonly Proof[] }
);

/** A size, or a range of sizes: ranges are refused (LCC1017) until bundles can have dynamic sizes. */
export type DimBinding = number | { readonly min: number; readonly max: number; readonly step?: number };

/** How what compression lost is trained back. */
export interface FinetuneOptions {
  /** times through the calibration inputs; 1 by default */
  readonly epochs?: number;
  /** learning rate of Adam, which falls as half a cosine; 3e-4 by default */
  readonly rate?: number;
}

/**
 * Lossy compression. Without one of the four limits nothing lossy happens but what `collapse`, `rank` and `quantize`
 * force; with one, all passes are `auto` unless they say otherwise.
 */
export interface CompressionOptions {
  /** inputs to measure on, which need no labels: a data source (docs of `lcc build`), or samples; fine-tuning uses labels too */
  readonly calibration?: string | readonly Feeds[] | LabelledSamples;
  /** inputs with labels; half of them decide, the other half is only reported on */
  readonly evaluation?: string | LabelledSamples;
  /** name of a metric of the evaluation data; top-1 of class labels by default */
  readonly metric?: string;
  /**
   * of the metric, on the one-sided 90 % bound: a number in the metric's unit, or text such as `1 %`, one point of a share;
   * without evaluation data of the outputs' L2 error over their variation
   */
  readonly maxDrop?: number | string;
  /** of everything one visitor downloads, after brotli: bytes, or text such as `300KB` */
  readonly maxSize?: number | string;
  /** of a run on `device`, estimated: milliseconds, or text such as `8ms` */
  readonly maxLatency?: number | string;
  /** the profile of the device that times are estimated for: a name, or a file of `lcc calibrate`; by default the target's */
  readonly device?: string;
  /** of decoded weights, inputs, outputs and scratch: bytes, or text such as `16MB` */
  readonly maxMemory?: number | string;
  readonly collapse?: 'auto' | 'off' | 'all';
  /** a number is the share of variance that every layer's output keeps, 0..1 */
  readonly rank?: 'auto' | 'off' | number;
  readonly width?: 'auto' | 'off';
  readonly blocks?: 'auto' | 'off';
  readonly quantize?: 'auto' | 'off' | 'fp16' | 'int8' | 'int4';
  /** decisions as JSON: a file that is there is replayed, one that is not is written; or decisions to replay */
  readonly plan?: string | readonly PlannedAction[];
  /** measures points over the whole range of sizes too, for the table of size against loss */
  readonly sweep?: boolean;
  /** trains the compressed network to answer the calibration inputs as the original does; kept where it loses less */
  readonly finetune?: FinetuneOptions;
  /** folder in which measured trials are remembered, so that another budget takes seconds; nothing is by default */
  readonly cache?: string;
  /** threads that measure trials; by default as many as there are cores, once that takes seconds. Results are the same */
  readonly threads?: number;
}

/** Samples and the class of each. */
export interface LabelledSamples {
  readonly samples: readonly Feeds[];
  readonly labels: readonly number[];
}

/** The flags of `lcc build` in camel case. */
export interface CompileOptions extends CompressionOptions {
  /** a name from `lcc targets` */
  readonly target: string;
  /** which of the target's backends to emit; all of them by default */
  readonly backends?: readonly ('webgpu' | 'wasm')[];
  /** symbolic dimensions by name */
  readonly dims?: Readonly<Record<string, DimBinding>>;
  /** whole shape of an input by its name */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** inputs fixed at build time, by name; plain numbers take the dtype and shape that the model declares */
  readonly constants?: Readonly<Record<string, Tensor | readonly number[]>>;
  /** one ES module with wasm and weights inside */
  readonly singleFile?: boolean;
  readonly onStage?: (event: StageEvent) => void;
  /** what a long stage is at, one line at a time, and milliseconds that are left, about, where that can be told */
  readonly onProgress?: (line: string, left?: number) => void;
}

/** A compiled model. Files are made, and proven, when they are asked for. */
export interface Bundle {
  readonly report: Report;
  /** The emitted files by path. Runs Rollup and parity. @throws LccError when an output disagrees (exit code 3) */
  files(): Promise<ReadonlyMap<string, Uint8Array>>;
  /** The same onto disk, whole or not at all. @throws LccError when `dir` holds anything but an earlier bundle */
  write(dir: string): Promise<void>;
  /** Runs it in this process, without Rollup or parity. */
  load(options?: LoadOptions): Promise<Model>;
}
