import type { Backend } from '../../targets/target.ts';
import { type Encoding, type SizeMeasure, sizeMeasures } from '../ir/download.ts';
import type { Unit } from '../quantity/quantity.ts';

/** `peak`: while the weights are read, their file is held too. `run`: from then on. */
export type Moment = 'peak' | 'run';
export const moments: readonly Moment[] = ['peak', 'run'];

export type Quantile = 'p50' | 'p95';
export const quantiles: readonly Quantile[] = ['p50', 'p95'];

export interface MeasureDef {
  /** one line for people */
  readonly description: string;
  readonly unit: Unit;
  /** The limit is the least that is allowed. */
  readonly isFloor?: true;
  /** A limit of 0 can be met. */
  readonly canBeZero?: true;
  /** What makes a bundle better in it. */
  readonly remedy: (traits: Traits) => string;
}

/** What of a bundle decides on a remedy. */
export interface Traits {
  /** One backend can be left out. */
  readonly hasBothBackends: boolean;
  /** Weights are more than half of the download. */
  readonly isMostlyWeights: boolean;
  /** Nothing made the weights smaller than those of the model file. */
  readonly isAsItCame: boolean;
}

const fewerKernels = 'Layers of one shape share a kernel; lcc inspect lists the kernels.';
const smallerWeights = ({ isAsItCame }: Traits): string =>
  isAsItCame
    ? 'Without a limit the weights are those of the model file: build with --max-size and --calibration, or with --quantize.'
    : 'Build with a smaller --max-size, and with --calibration, inputs to measure on.';

/** Everything a budget can limit. Sizes come first, in the order of the table of sizes. */
export const measures = {
  total: {
    description: 'everything one visitor downloads: code and weights',
    unit: 'bytes',
    remedy: (traits) =>
      traits.isMostlyWeights
        ? `Most of it is weights. ${smallerWeights(traits)}`
        : `Most of it is code. ${traits.hasBothBackends ? '--backends leaves one backend out.' : fewerKernels}`,
  },
  code: {
    description: 'JavaScript with its shaders, and the largest of the wasm modules',
    unit: 'bytes',
    remedy: ({ hasBothBackends }) =>
      hasBothBackends
        ? '--backends wasm leaves the shaders out, --backends webgpu the wasm; lcc inspect lists the kernels.'
        : fewerKernels,
  },
  weights: {
    description: 'the weights file',
    unit: 'bytes',
    canBeZero: true,
    remedy: smallerWeights,
  },
  wasm: {
    description: 'the largest of the wasm modules',
    unit: 'bytes',
    canBeZero: true,
    remedy: ({ hasBothBackends }) =>
      hasBothBackends ? '--backends webgpu leaves the wasm out; lcc inspect lists the kernels.' : fewerKernels,
  },
  wgsl: {
    description: 'the shaders inside the JavaScript',
    unit: 'bytes',
    canBeZero: true,
    remedy: ({ hasBothBackends }) =>
      hasBothBackends ? '--backends wasm leaves the shaders out; lcc inspect lists the kernels.' : fewerKernels,
  },
  memory: {
    description: 'weights as they are decoded, inputs, outputs and scratch',
    unit: 'bytes',
    remedy: () => 'Build with --max-memory; a model with smaller inputs or a smaller batch takes less.',
  },
  macs: {
    description: 'multiply-adds of one run',
    unit: 'macs',
    canBeZero: true,
    remedy: () => 'Build with --max-latency, --rank auto or --width auto.',
  },
  coldStart: {
    description: 'from an empty page to the first output, files served from the same machine',
    unit: 'ms',
    remedy: ({ hasBothBackends }) =>
      `Less code compiles sooner and fewer weights decode sooner: ${hasBothBackends ? '--backends, ' : ''}--max-size.`,
  },
  latency: {
    description: 'one run once warm',
    unit: 'ms',
    remedy: () => 'Build with --max-latency; lcc report shows the time of every kernel.',
  },
  accuracy: {
    description: 'the metric of the evaluation data',
    unit: 'share',
    isFloor: true,
    remedy: () => 'Build with a smaller --max-drop, or train longer.',
  },
  drop: {
    description: "what compression lost of the original model's metric",
    unit: 'share',
    canBeZero: true,
    remedy: () => 'Build with a smaller --max-drop, or with --finetune.',
  },
} as const satisfies Readonly<Record<string, MeasureDef>>;

export type Measure = keyof typeof measures;
export type TimeMeasure = 'coldStart' | 'latency';

export const timeMeasures: readonly TimeMeasure[] = ['coldStart', 'latency'];
export const measureNames: readonly Measure[] = [
  ...sizeMeasures,
  'memory',
  'macs',
  ...timeMeasures,
  'accuracy',
  'drop',
];

export const defOf = (measure: Measure): MeasureDef => measures[measure];

/** One figure that a budget can limit. Times without a profile are of the machine, or the remote device, that runs the bundle. */
export type Subject =
  | { readonly measure: SizeMeasure; readonly encoding: Encoding }
  | { readonly measure: 'memory'; readonly moment: Moment }
  | { readonly measure: 'macs' | 'accuracy' | 'drop' }
  | {
      readonly measure: TimeMeasure;
      readonly quantile: Quantile;
      readonly backend?: Backend;
      readonly profile?: string;
    };

/** `total brotli`, `latency p95 wasm on phone-mid`. Two subjects are the same figure when their names are. */
export function nameOf(subject: Subject): string {
  switch (subject.measure) {
    case 'macs':
    case 'accuracy':
    case 'drop':
      return subject.measure;
    case 'memory':
      return `memory ${subject.moment}`;
    case 'coldStart':
    case 'latency': {
      const { measure, quantile, backend, profile } = subject;
      return [measure, quantile, backend, profile && `on ${profile}`].filter((part) => part !== undefined).join(' ');
    }
    default:
      return `${subject.measure} ${subject.encoding}`;
  }
}
