import type { Manifest, Sizes } from './report.ts';

export type Encoding = keyof Sizes;
export const encodings: readonly Encoding[] = ['raw', 'gzip', 'brotli'];

export type SizeMeasure = 'total' | 'code' | 'weights' | 'wasm' | 'wgsl';
export const sizeMeasures: readonly SizeMeasure[] = ['total', 'code', 'weights', 'wasm', 'wgsl'];

export type FileSizes = ReadonlyMap<string, Sizes>;

/** What lies inside index.js has a path of its own, such as `index.js#model.wgsl`. */
export const insidePath = (name: string): string => `index.js#${name}`;

/** What lies inside index.js, by such paths. */
export const insideParts = ({ inside = {} }: Pick<Manifest, 'inside'>): (readonly [string, Sizes])[] =>
  Object.entries(inside).map(([name, sizes]) => [insidePath(name), sizes]);

/** Everything that can count, as a manifest records it. */
export const recordedParts = (manifest: Pick<Manifest, 'files' | 'inside'>): FileSizes =>
  new Map([
    ...Object.entries(manifest.files).map(([path, { sizes }]) => [path, sizes] as const),
    ...insideParts(manifest),
  ]);

export const isInside = (path: string): boolean => path.includes('#');

/**
 * What one visitor downloads, out of all parts. Of modules that exclude each other (wasm variants; module and classic script)
 * the largest counts.
 */
export function countedParts(measure: SizeMeasure, all: FileSizes, encoding: Encoding): readonly string[] {
  switch (measure) {
    case 'total':
      return [...codeFiles(all, encoding), ...pathsEnding(all, '.lcw').filter((path) => !isInside(path))];
    case 'code':
      return codeFiles(all, encoding);
    case 'weights':
      return pathsEnding(all, '.lcw');
    case 'wasm':
      return largestWasm(all, encoding);
    case 'wgsl':
      return pathsEnding(all, '.wgsl');
    default:
      return measure satisfies never;
  }
}

export const sumSizes = (all: FileSizes, paths: readonly string[], encoding: Encoding): number =>
  paths.reduce((sum, path) => sum + (all.get(path)?.[encoding] ?? 0), 0);

function codeFiles(all: FileSizes, encoding: Encoding): string[] {
  const classic = pathsEnding(all, '.classic.js');
  const modules = pathsEnding(all, '.js').filter((path) => !classic.includes(path));
  const scripts = sumSizes(all, classic, encoding) > sumSizes(all, modules, encoding) ? classic : modules;
  return [...scripts, ...largestWasm(all, encoding).filter((path) => !isInside(path))];
}

const largestWasm = (all: FileSizes, encoding: Encoding): string[] =>
  pathsEnding(all, '.wasm')
    .sort((a, b) => sumSizes(all, [b], encoding) - sumSizes(all, [a], encoding))
    .slice(0, 1);

const pathsEnding = (all: FileSizes, ending: string): string[] =>
  [...all.keys()].filter((path) => path.endsWith(ending)).sort();
