import type { LoadOptions, Model } from '../../runtime/abi.ts';
import type { DType } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Graph } from './graph.ts';
import type { Program } from './program.ts';

/** The stages of a compile in order; `lcc inspect --after <stage>` names them. */
export const stages = ['ingest', 'compress', 'lower', 'emit', 'parity'] as const;
export type Stage = (typeof stages)[number];

/** What a stage hands on, told once the stage is done. `ms` is its wall time; emit and parity overlap. */
export type StageEvent = { readonly ms: number } & (
  | { readonly stage: 'ingest'; readonly graph: Graph; readonly notes: readonly string[] }
  | { readonly stage: 'compress'; readonly graph: Graph; readonly passes: readonly PassReport[] }
  | { readonly stage: 'lower'; readonly program: Program; readonly kernels: readonly KernelReport[] }
  | { readonly stage: 'emit'; readonly files: ReadonlyMap<string, Uint8Array> }
  | { readonly stage: 'parity'; readonly proofs: readonly Proof[] }
);

/** A size, or a range of sizes: ranges are refused (LCC1017) until bundles can have dynamic sizes. */
export type DimBinding = number | { readonly min: number; readonly max: number; readonly step?: number };

export interface CompileOptions {
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
}

export interface PassReport {
  readonly name: string;
  /** how many places it changed */
  readonly changes: number;
  /** of the metric, measured; 0 for an exact pass */
  readonly loss: number;
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
  /** bytes of the buffers that all its calls of one run use, each once; for WebGPU contractions every load that a tile makes */
  readonly bytes: number;
}

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

export interface PortReport {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** What was built from what; the part of lcc.json that is known before emitting. */
export interface Report {
  readonly name: string;
  readonly source: { readonly file?: string | undefined; readonly bytes: number; readonly sha256: string };
  readonly target: string;
  readonly backends: readonly ('webgpu' | 'wasm')[];
  readonly inputs: readonly PortReport[];
  readonly outputs: readonly PortReport[];
  readonly macs: number;
  /** bytes: constants, and inputs, outputs and scratch together */
  readonly memory: { readonly constants: number; readonly arena: number };
  readonly kernels: readonly KernelReport[];
  readonly passes: readonly PassReport[];
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
  /** by path, lcc.json itself and lcc.measured.json left out */
  readonly files: Readonly<Record<string, { readonly sha256: string; readonly sizes: Sizes }>>;
}

export interface Bundle {
  readonly report: Report;
  /** The emitted files by path. Runs Rollup and parity. @throws LccError when an output disagrees (exit code 3) */
  files(): Promise<ReadonlyMap<string, Uint8Array>>;
  /** The same onto disk, whole or not at all. @throws LccError when `dir` holds anything but an earlier bundle */
  write(dir: string): Promise<void>;
  /** Runs it in this process, without Rollup or parity. */
  load(options?: LoadOptions): Promise<Model>;
}
