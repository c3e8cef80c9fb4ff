import type { Backend } from '../../targets/target.ts';
import { countedParts, recordedParts, type SizeMeasure, sumSizes } from '../ir/download.ts';
import { findLayers, shared } from '../ir/layers.ts';
import type { Cause, CheckRow } from './check-result.ts';
import { defOf, type Traits } from './measures.ts';
import { nextSteps } from './next-steps.ts';
import { type FoundManifest, usualBackend } from './read-bundle.ts';

/** Causes and steps that are told of one row at most. */
const most = { causes: 5, next: 3 };

/** A row past its limit with what is behind it and what would bring it back; any other as it is. */
export function withBlame(row: CheckRow, manifest: FoundManifest, before: FoundManifest | undefined): CheckRow {
  if (row.verdict !== 'over') return row;
  return {
    ...row,
    causes: causesOf(row, manifest, before).slice(0, most.causes),
    next: nextSteps(row, manifest).slice(0, most.next),
    remedy: defOf(row.measure).remedy(traitsOf(manifest)),
  };
}

function traitsOf(manifest: FoundManifest): Traits {
  const parts = recordedParts(manifest);
  const sizeOf = (measure: SizeMeasure) => sumSizes(parts, countedParts(measure, parts, 'brotli'), 'brotli');
  const { backends = [], compression } = manifest;
  return {
    hasBothBackends: backends.length > 1,
    isMostlyWeights: 2 * sizeOf('weights') > sizeOf('total'),
    isAsItCame: compression === undefined,
  };
}

/** What grew, most first; without a baseline or growth, what takes most. */
function causesOf(row: CheckRow, manifest: FoundManifest, before: FoundManifest | undefined): Cause[] {
  const all = kindsBehind(row).flatMap((kind) => listOf(kind, manifest, before));
  const grown = all.filter(({ growth = 0 }) => growth > 0);
  return (grown.length > 0 ? grown : all)
    .filter(({ amount, growth = 0 }) => amount > 0 || growth > 0)
    .sort((a, b) => (grown.length > 0 ? (b.growth ?? 0) - (a.growth ?? 0) : 0) || b.amount - a.amount);
}

type Kind = 'constants' | 'decoded constants' | 'buffers' | 'wasm' | 'webgpu' | 'work' | 'losses';

function kindsBehind({ measure }: CheckRow): readonly Kind[] {
  switch (measure) {
    case 'total':
      return ['constants', 'wasm', 'webgpu'];
    case 'code':
      return ['wasm', 'webgpu'];
    case 'weights':
      return ['constants'];
    case 'memory':
      return ['decoded constants', 'buffers'];
    case 'wasm':
      return ['wasm'];
    case 'wgsl':
      return ['webgpu'];
    case 'macs':
    case 'latency':
      return ['work'];
    case 'accuracy':
    case 'drop':
      return ['losses'];
    case 'coldStart':
      return [];
    default:
      return measure satisfies never;
  }
}

interface Taking {
  readonly name: string;
  /** undefined where it belongs to none, or the manifest does not say */
  readonly layer?: string | undefined;
  readonly amount: number;
}

function takings(kind: Kind, manifest: FoundManifest): Taking[] {
  const { constants = [], calls = [], kernels = [], macs = 0, memory, compression } = manifest;
  const { ofConstant, ofKernel } = findLayers({ calls, constants });
  const kernelsOf = (backend: Backend) =>
    kernels.filter((kernel) => kernel.backend === backend).map((kernel, i) => ({ ...kernel, layer: ofKernel(i) }));
  switch (kind) {
    case 'constants':
      return constants.map(({ name, bytes }, i) => ({ name, layer: ofConstant(i), amount: bytes }));
    case 'decoded constants':
      return constants.map(({ name, bytes, decodedBytes }, i) => ({
        name,
        layer: ofConstant(i),
        amount: decodedBytes ?? bytes,
      }));
    case 'buffers':
      return (memory?.buffers ?? []).map(({ name, bytes }) => ({ name, amount: bytes }));
    case 'wasm':
    case 'webgpu':
      return kernelsOf(kind).map(({ name, layer, codeBytes }) => ({ name, layer, amount: codeBytes ?? 0 }));
    case 'work':
      return kernelsOf(usualBackend(manifest)).map(({ name, layer, macShare }) => ({
        name,
        layer,
        amount: Math.round(macShare * macs),
      }));
    case 'losses': {
      const metrics = [compression?.before.metric, ...(compression?.steps ?? []).map(({ metric }) => metric)];
      return (compression?.steps ?? []).map(({ pass, metric = 0 }, i) => ({
        name: pass,
        amount: (metrics[i] ?? metric) - metric,
      }));
    }
    default:
      return kind satisfies never;
  }
}

const words: Readonly<Record<Kind, Pick<Cause, 'kind' | 'unit'>>> = {
  constants: { kind: 'constant', unit: 'bytes' },
  'decoded constants': { kind: 'constant', unit: 'bytes' },
  buffers: { kind: 'buffer', unit: 'bytes' },
  wasm: { kind: 'kernel', unit: 'bytes' },
  webgpu: { kind: 'kernel', unit: 'bytes' },
  work: { kind: 'kernel', unit: 'macs' },
  losses: { kind: 'pass', unit: 'share' },
};

function listOf(kind: Kind, manifest: FoundManifest, before: FoundManifest | undefined): Cause[] {
  // An earlier lcc.json may not say what layers there are.
  const byLayer = manifest.calls !== undefined && (before === undefined || before.calls !== undefined);
  const sum = (of: FoundManifest) => sumByPlace(takings(kind, of), byLayer);
  const was = before && kind !== 'losses' ? sum(before) : undefined;
  return [...sum(manifest)].map(([place, { name, layer, amount }]) => {
    const pass = words[kind].kind === 'constant' ? passAt(name, manifest, before) : undefined;
    return {
      ...words[kind],
      name,
      ...(byLayer && layer !== undefined && layer !== shared && { layer }),
      amount,
      ...(was && { growth: amount - (was.get(place)?.amount ?? 0) }),
      ...(pass !== undefined && { pass }),
    };
  });
}

function sumByPlace(all: readonly Taking[], byLayer: boolean): Map<string, Taking> {
  const sums = new Map<string, Taking>();
  for (const taking of all) {
    const place = JSON.stringify([taking.name, byLayer && taking.layer]);
    sums.set(place, { ...taking, amount: taking.amount + (sums.get(place)?.amount ?? 0) });
  }
  return sums;
}

/** What compression does to a constant, and what it did before where that differs. */
function passAt(name: string, manifest: FoundManifest, before: FoundManifest | undefined): string | undefined {
  const [now, then] = [actionAt(name, manifest), before && actionAt(name, before)];
  if (then === undefined || then === now) return now;
  return `${now ?? 'not compressed'}, was ${then}`;
}

function actionAt(name: string, { compression, constants }: FoundManifest): string | undefined {
  const action = compression?.actions.find(({ place }) => place === name);
  if (action) return `${action.level} by ${action.pass}`;
  const form = constants?.find((constant) => constant.name === name)?.form;
  return form === 'float32' ? undefined : form;
}
