import type { Sizes } from '../ir/bundle.ts';

export type Encoding = keyof Sizes;
export const encodings: readonly Encoding[] = ['raw', 'gzip', 'brotli'];

export type FileSizes = ReadonlyMap<string, Sizes>;

export interface MeasureDef {
  /** one line for people */
  readonly description: string;
  /** The files of a bundle that count, out of all its files. */
  readonly files: (all: FileSizes, encoding: Encoding) => readonly string[];
  /** What makes this smaller. */
  readonly hint: string;
}

/** What one visitor downloads. Of modules that exclude each other (wasm variants; module and classic script) the largest counts. */
export const measures = {
  total: {
    description: 'everything one visitor downloads: code and weights',
    files: (all, encoding) => [...codeFiles(all, encoding), ...weightFiles(all)],
    hint: 'See which part is largest; --backends leaves one backend out.',
  },
  code: {
    description: 'JavaScript with its shaders, and the largest of the wasm modules',
    files: (all, encoding) => codeFiles(all, encoding),
    hint: '--backends wasm leaves the shaders out, --backends webgpu the wasm; lcc inspect lists the kernels.',
  },
  weights: {
    description: 'the weights file',
    files: (all) => weightFiles(all),
    hint: 'The weights are those of the model file: only a smaller model makes them smaller.',
  },
} as const satisfies Readonly<Record<string, MeasureDef>>;

export type Measure = keyof typeof measures;
export const measureNames: readonly Measure[] = ['total', 'code', 'weights'];

export const sumSizes = (all: FileSizes, files: readonly string[], encoding: Encoding): number =>
  files.reduce((sum, file) => sum + (all.get(file)?.[encoding] ?? 0), 0);

const weightFiles = (all: FileSizes): string[] => pathsEnding(all, '.lcw');

function codeFiles(all: FileSizes, encoding: Encoding): string[] {
  const classic = pathsEnding(all, '.classic.js');
  const modules = pathsEnding(all, '.js').filter((path) => !classic.includes(path));
  const scripts = sumSizes(all, classic, encoding) > sumSizes(all, modules, encoding) ? classic : modules;
  const wasm = pathsEnding(all, '.wasm').sort((a, b) => sumSizes(all, [b], encoding) - sumSizes(all, [a], encoding));
  return [...scripts, ...wasm.slice(0, 1)];
}

const pathsEnding = (all: FileSizes, ending: string): string[] =>
  [...all.keys()].filter((path) => path.endsWith(ending)).sort();
