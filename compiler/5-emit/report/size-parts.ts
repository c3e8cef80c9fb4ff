import { countedParts, isInside, recordedParts, sumSizes } from '../../ir/download.ts';
import { findLayers, shared } from '../../ir/layers.ts';
import type { Manifest, Sizes } from '../../ir/report.ts';

export type PartKind = 'weights' | 'wasm' | 'shaders' | 'JavaScript';

/** What one layer adds to what a visitor downloads. */
export interface SizePart {
  readonly layer: string;
  readonly kind: PartKind;
  /** bytes before compression */
  readonly raw: number;
  /** its file's bytes after brotli, shared out by raw bytes: an estimate */
  readonly brotli: number;
}

export interface Download {
  readonly parts: readonly SizePart[];
  /** bytes after brotli of everything one visitor downloads */
  readonly total: number;
  readonly weights: number;
}

/** What one visitor downloads, by layer and part: of wasm modules that exclude each other the largest. */
export function findDownload(manifest: Manifest): Download {
  const { kernels, constants } = manifest;
  const { ofKernel, ofConstant } = findLayers(manifest);
  const all = recordedParts(manifest);
  const sizesOf = (paths: readonly string[]): Sizes[] => paths.map((path) => all.get(path)).filter(isThere);
  const held = [...all.keys()].filter(isInside);
  const ending = (paths: readonly string[], suffix: string) => sizesOf(paths.filter((path) => path.endsWith(suffix)));
  const code = countedParts('code', all, 'brotli');

  const [script] = ending(code, '.js');
  // Inside one file all modules are downloaded.
  const modules = [...ending(code, '.wasm'), ...ending(held, '.wasm')];
  const weights = sizesOf(countedParts('weights', all, 'brotli'));
  const codeOf = (backend: 'wasm' | 'webgpu') =>
    kernels
      .filter((kernel) => kernel.backend === backend)
      .map(({ codeBytes }, i) => ({ layer: ofKernel(i), raw: codeBytes }));
  const stored = constants.map(({ bytes }, i) => ({ layer: ofConstant(i), raw: bytes }));
  const own = script && {
    layer: shared,
    kind: 'JavaScript' as const,
    raw: Math.max(0, script.raw - sumSizes(all, held, 'raw')),
    brotli: Math.max(0, script.brotli - sumSizes(all, held, 'brotli')),
  };
  const parts = [
    ...shareOut('weights', weights, stored),
    ...shareOut('wasm', modules, codeOf('wasm')),
    ...shareOut('shaders', ending(held, '.wgsl'), codeOf('webgpu')),
    ...(own ? [own] : []),
  ];
  return {
    parts,
    total: sumSizes(all, countedParts('total', all, 'brotli'), 'brotli'),
    weights: sumOf(weights.map(({ brotli }) => brotli)),
  };
}

const isThere = (sizes: Sizes | undefined): sizes is Sizes => sizes !== undefined;

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** The bytes of files after brotli, in proportion to raw bytes; what no layer takes of the first file is shared by all. */
function shareOut(
  kind: PartKind,
  files: readonly Sizes[],
  pieces: readonly { readonly layer: string; readonly raw: number }[],
): SizePart[] {
  const [first] = files;
  if (!first) return [];
  const byLayer = new Map<string, number>();
  const add = (layer: string, raw: number): Map<string, number> => byLayer.set(layer, (byLayer.get(layer) ?? 0) + raw);
  for (const { layer, raw } of pieces) add(layer, raw);
  add(shared, Math.max(0, first.raw - sumOf(pieces.map(({ raw }) => raw))));
  const whole = sumOf([...byLayer.values()]) || 1;
  const brotli = sumOf(files.map((sizes) => sizes.brotli));
  return [...byLayer]
    .filter(([, raw]) => raw > 0)
    .map(([layer, raw]) => ({ layer, kind, raw, brotli: (brotli * raw) / whole }));
}
