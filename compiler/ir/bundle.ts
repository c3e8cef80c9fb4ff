import type { LoadOptions, Model } from '../../runtime/abi.ts';
import type { DType } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Work } from './count-work.ts';
import type { Graph } from './graph.ts';
import type { ArenaBuffer, Program } from './program.ts';
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
  /** of the metric, absolute, on the one-sided 90 % bound; without evaluation data of the outputs' L2 error over their variation */
  readonly maxDrop?: number;
  /** of everything one visitor downloads, after brotli: bytes, or text such as `300KB` */
  readonly maxSize?: number | string;
  /** of a run, estimated: milliseconds, or text such as `8ms` */
  readonly maxLatency?: number | string;
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

/** One decision of a plan: what a pass does at one place. */
export interface PlannedAction {
  readonly pass: string;
  readonly place: string;
  readonly level: string;
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

export interface PassReport {
  readonly name: string;
  /** how many places it changed */
  readonly changes: number;
  /** of the metric, measured; 0 for an exact pass */
  readonly loss: number;
}

/** One place made smaller: what lossy compression did there. */
export interface ActionReport {
  readonly pass: string;
  /** name of the value or constant in the model */
  readonly place: string;
  /** such as `rank 16`, `24 of 64 channels`, `int4` */
  readonly level: string;
  /** predicted squared error of the place's output over its variance, on the calibration data */
  readonly error: number;
  /** bits of the weights it touches, as 32 bits each before they are stored in fewer */
  readonly bits: { readonly before: number; readonly after: number };
  /** multiply-adds of the place, where they change */
  readonly macs?: { readonly before: number; readonly after: number };
  /** relative error of the outputs, with the actions before it and with it too; left out where there are many actions */
  readonly outputError?: { readonly before: number; readonly after: number };
}

/** A whole model, measured. */
export interface Outcome {
  /** estimated download: brotli bytes of code and weights */
  readonly size: number;
  readonly macs: number;
  /** of a run on the target's class of device, estimated */
  readonly milliseconds: number;
  /** L2 error over the variation between inputs, of the worst output, on held-out calibration inputs */
  readonly error: number;
  /** of the evaluation data, where there are labels */
  readonly metric?: number;
}

/** The whole after each lossy pass. */
export interface StepReport extends Outcome {
  readonly pass: string;
  readonly actions: number;
}

/** A step to a smaller model that was not taken, as the planner foresees it. */
export interface NextAction extends PlannedAction {
  /** bytes of the download or of memory, or multiply-adds */
  readonly saves: number;
  /** relative squared error of the outputs that it would add */
  readonly error: number;
}

/** What lossy compression did, and what the whole of it loses. */
export interface CompressionReport {
  readonly limits: Readonly<Record<string, number>>;
  /** trial builds that were measured */
  readonly attempts: number;
  readonly before: Omit<Outcome, 'error'>;
  readonly steps: readonly StepReport[];
  readonly actions: readonly ActionReport[];
  /** measured results, smallest first, that no smaller one is better than */
  readonly tradeOff: readonly Outcome[];
  /** what could be made smaller next, by what it saves, least error for what it saves first; absent where nothing was searched */
  readonly next?: Readonly<Record<'bytes' | 'memory' | 'macs', readonly NextAction[]>>;
  readonly metric?: {
    readonly name: string;
    readonly samples: number;
    readonly before: number;
    readonly after: number;
    readonly drop: number;
    /** one-sided 90 % upper bound of the drop */
    readonly bound: number;
    /** the same on the half of the evaluation data that decided nothing */
    readonly reported?: { readonly samples: number; readonly before: number; readonly after: number };
  };
}

export interface KernelReport {
  readonly backend: 'webgpu' | 'wasm';
  readonly name: string;
  /** such as `conv 32x160x160 3x3` or `nest 1x32x160x160` */
  readonly work: string;
  /** wasm: vector or scalar, with its tile; webgpu: tile and workgroup */
  readonly form: string;
  /** how often one run calls it */
  readonly calls: number;
  /** share of one run's multiply-adds, 0..1 */
  readonly macShare: number;
  /** bytes of its code: of its wasm function, 0 where it shares another kernel's; of its WGSL */
  readonly codeBytes: number;
  /** bytes of the buffers that all its calls of one run use, each once; for WebGPU contractions every load that a tile makes */
  readonly bytes: number;
}

/** One call of a kernel; what a loop repeats stands once. */
export interface CallReport {
  /** position among a backend's `kernels` */
  readonly kernel: number;
  /** name of the model's value that it computes, or prepares to compute by a copy */
  readonly value: string;
  /** positions among `constants` of those it reads */
  readonly constants: readonly number[];
}

/** Singular values of one weight matrix [outputs, inputs] before lossy compression. */
export interface SpectrumReport {
  /** name of the layer's output value, as in `compression.actions` */
  readonly name: string;
  readonly outputs: number;
  /** of a convolution: channels times taps */
  readonly inputs: number;
  /** the rank it was truncated to; absent where it kept all */
  readonly rank?: number;
  /** over the largest, descending, some of them where there are many; absent where computing them would take long */
  readonly values?: readonly {
    /** counted from 1 */
    readonly index: number;
    readonly value: number;
  }[];
}

interface MeasuredCalls {
  readonly browser: string;
  /** runs of each that were measured */
  readonly runs: number;
  /** of one run: as it is, and as the sum of its kernels, on wasm what the clock took left out */
  readonly milliseconds: { readonly whole: number; readonly sum: number };
  /** of one run, for each of `calls` in order */
  readonly calls: readonly number[];
}

export interface WasmKernelTimes extends MeasuredCalls {
  readonly backend: 'wasm';
}

/** Every dispatch as a pass of its own. */
export interface WebGpuKernelTimes extends MeasuredCalls {
  readonly backend: 'webgpu';
  /** what the browser says of it */
  readonly adapter: string;
  /** the adapter computes on the processor: its times mean nothing */
  readonly isSoftware: boolean;
}

/** What `lcc report` adds to lcc.measured.json, as a list, one for each backend that was measured. */
export type KernelTimes = WasmKernelTimes | WebGpuKernelTimes;

/** One comparison against the evaluator or another engine; `not proven` says why it could not run. */
export interface Proof {
  /** such as `wasm simd`, `wasm relaxed`, `webgpu`, `onnxruntime-web` */
  readonly engine: string;
  readonly result:
    | {
        readonly kind: 'agrees';
        /** largest difference of the output that uses most of its tolerance */
        readonly worst: number;
        readonly tolerance: number;
        /** discontinuous nodes whose near-ties fell the other way */
        readonly excused?: readonly string[];
      }
    | { readonly kind: 'not proven'; readonly reason: string };
}

/** One tensor of model.lcw. */
export interface ConstantReport {
  readonly name: string;
  /** such as `float32`, `int4`, `palette of 16` */
  readonly form: string;
  /** in model.lcw */
  readonly bytes: number;
  /** in memory, where it is decoded at load on every backend; a part of `memory.constants` */
  readonly decodedBytes?: number;
}

export interface PortReport {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** A file that the model came from. */
interface SourceFile {
  readonly bytes: number;
  readonly sha256: string;
}

export interface SourceReport extends SourceFile {
  /** undefined where the model was given as bytes */
  readonly file?: string | undefined;
  /** files that hold the weights of a TensorFlow.js model, as it names them */
  readonly weights?: readonly (SourceFile & { readonly file: string })[];
}

/** What was built from what; the part of lcc.json that is known before emitting. */
export interface Report {
  readonly name: string;
  readonly source: SourceReport;
  readonly target: string;
  readonly backends: readonly ('webgpu' | 'wasm')[];
  readonly inputs: readonly PortReport[];
  readonly outputs: readonly PortReport[];
  readonly macs: number;
  /** what one run does, from which times are estimated */
  readonly work: Work;
  /** bytes: constants, and inputs, outputs and scratch together, which are planned as `buffers` */
  readonly memory: { readonly constants: number; readonly arena: number; readonly buffers: readonly ArenaBuffer[] };
  /** in the order of model.lcw */
  readonly constants: readonly ConstantReport[];
  readonly kernels: readonly KernelReport[];
  /** in the order of a run */
  readonly calls: readonly CallReport[];
  readonly passes: readonly PassReport[];
  readonly compression?: CompressionReport;
  readonly notes: readonly string[];
}

/** Bytes of one file, as it is and as a server sends it (gzip 9; brotli 11, 9 beyond 4 MB). */
export interface Sizes {
  readonly raw: number;
  readonly gzip: number;
  readonly brotli: number;
}

/** lcc.json. `generator` marks a folder that lcc may replace. */
export interface Manifest extends Report {
  readonly generator: `lcc ${string}`;
  /** of what index.js holds, by name: `model.wgsl` for the shaders, in a single file modules and weights before base64 */
  readonly inside?: Readonly<Record<string, Sizes>>;
  /** of every layer's weights, in execution order */
  readonly spectra: readonly SpectrumReport[];
  /** by path, lcc.json itself, lcc.measured.json and report.html left out */
  readonly files: Readonly<Record<string, { readonly sha256: string; readonly sizes: Sizes }>>;
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
