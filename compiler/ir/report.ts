import type { DType } from '../tensor/dtype.ts';
import type { Work } from './count-work.ts';
import type { ArenaBuffer } from './program.ts';

/** One decision of a plan: what a pass does at one place. */
export interface PlannedAction {
  readonly pass: string;
  readonly place: string;
  readonly level: string;
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
  /** predicted squared error of the place's output over its variance, on the calibration data; absent where nothing is known of it */
  readonly error?: number;
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
  /** of a run, estimated */
  readonly milliseconds: number;
  /** L2 error over the variation between inputs, of the worst output, on held-out calibration inputs */
  readonly error: number;
  /** of the evaluation data, where there are labels */
  readonly metric?: number;
}

/** A metric of a changed model beside the original's, on the same samples. */
export interface MetricLoss {
  readonly name: string;
  readonly samples: number;
  readonly before: number;
  readonly after: number;
  /** how much worse it is, in the metric's unit */
  readonly drop: number;
  /** one-sided 90 % upper bound of the drop */
  readonly bound: number;
}

/** Of the half of the evaluation data that decided. */
export interface ReportedMetric extends MetricLoss {
  /** the same on the half that decided nothing */
  readonly reported?: Pick<MetricLoss, 'samples' | 'before' | 'after'>;
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
  /** square of the relative error of the outputs that it would add: such squares add up */
  readonly error: number;
}

/** What lossy compression did, and what the whole of it loses. */
export interface CompressionReport {
  readonly limits: Readonly<Record<string, number>>;
  /** name of the device's profile that times are estimated by; earlier bundles do not tell it */
  readonly device?: string;
  /** trial builds that were measured */
  readonly attempts: number;
  readonly before: Omit<Outcome, 'error'>;
  readonly steps: readonly StepReport[];
  readonly actions: readonly ActionReport[];
  /** measured results, smallest first, that no smaller one is better than */
  readonly tradeOff: readonly Outcome[];
  /** what could be made smaller next, by what it saves, least error for what it saves first; absent where nothing was searched */
  readonly next?: Readonly<Record<'bytes' | 'memory' | 'macs', readonly NextAction[]>>;
  readonly metric?: ReportedMetric;
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
