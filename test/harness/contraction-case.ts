import binaryen from 'binaryen';
import { type Expr, type FetchExpr, type LocalExpr, like, maximum } from '../../compiler/kernel/expr.ts';
import {
  type Axis,
  addIndex,
  type Index,
  makeAxis,
  rangeOf,
  scaleIndex,
  toIndex,
} from '../../compiler/kernel/index-expr.ts';
import { accLocal, type ContractionKernel, panelWidth } from '../../compiler/kernel/nest.ts';
import { codesPerWord, type Quantization } from '../../compiler/kernel/quantization.ts';
import { codeRows } from '../../compiler/kernel/whole-groups.ts';
import { dim } from '../../compiler/tensor/shape.ts';
import type { WasmFeatures } from '../../targets/target.ts';
import { modulePasses } from '../../targets/wasm/emit.ts';
import type { RenderValue } from '../../targets/wasm/kernels/epilogue.ts';
import { contractionFunction, contractionScratch } from '../../targets/wasm/kernels/index.ts';
import { codeOf, signedCodeOf } from './code-of.ts';

/** Extents and element strides, outermost first; a stride list has one entry per axis. */
export interface CaseAxes {
  readonly extents: readonly number[];
  readonly a?: readonly number[];
  readonly b?: readonly number[];
  readonly store?: readonly number[];
}

export interface CaseSpec {
  readonly form?: 'dense' | 'channelwise';
  readonly batch?: CaseAxes;
  readonly m?: CaseAxes;
  readonly n: number;
  readonly k?: CaseAxes;
  readonly aStart?: number;
  readonly storeStart?: number;
  readonly storeN?: number;
  /** elements per step of n in a live B; packed when absent */
  readonly liveN?: number;
  readonly batchStride?: number;
  readonly epilogue?: 'none' | 'relu' | 'scale' | 'residual';
  /** A quantised so; B of int8 codes, or quantised too where it is live */
  readonly codes?: Quantization;
  /** codes of B so small that as many groups fit 16 bits */
  readonly groupsIn16Bits?: 1 | 2 | 4;
}

const strideIndex = (axes: readonly Axis[], strides: readonly number[] | undefined): Index =>
  addIndex(...axes.map((axis, i) => scaleIndex(axis, strides?.[i] ?? 0)));

export const acc: LocalExpr = { kind: 'local', dtype: 'float32', name: accLocal };

export function makeKernel(spec: CaseSpec): ContractionKernel {
  const axesOf = (name: string, axes?: CaseAxes): Axis[] =>
    (axes?.extents ?? []).map((e, i) => makeAxis(`${name}${i}`, dim(e)));
  const batch = axesOf('b', spec.batch);
  const m = axesOf('m', spec.m);
  const k = axesOf('k', spec.k);
  const n = makeAxis('n', dim(spec.n));
  const a = addIndex(
    spec.aStart ?? 0,
    strideIndex(batch, spec.batch?.a),
    strideIndex(m, spec.m?.a),
    strideIndex(k, spec.k?.a),
    spec.form === 'channelwise' ? n : 0,
  );
  const store = addIndex(
    spec.storeStart ?? 0,
    strideIndex(batch, spec.batch?.store),
    strideIndex(m, spec.m?.store),
    scaleIndex(n, spec.storeN ?? 1),
  );
  const live = addIndex(strideIndex(batch, spec.batch?.b), strideIndex(k, spec.k?.b), scaleIndex(n, spec.liveN ?? 0));
  const fetch = (offset: Index): FetchExpr => ({
    kind: 'fetch',
    dtype: 'float32',
    slot: 3,
    offset,
    guards: [],
    fill: 0,
  });
  const epilogues: Record<NonNullable<CaseSpec['epilogue']>, Expr> = {
    none: acc,
    relu: maximum(acc, like(acc, 0)),
    scale: { kind: 'binary', dtype: 'float32', op: 'mul', a: acc, b: fetch(toIndex(n)) },
    residual: { kind: 'binary', dtype: 'float32', op: 'add', a: acc, b: fetch(store) },
  };
  const kind = spec.epilogue ?? 'none';
  const read = (name: string, dtype: 'float32' | 'int32' = 'float32') => ({ name, dtype, access: 'read' }) as const;
  const extra = kind === 'scale' || kind === 'residual' ? [read('extra')] : [];
  return {
    kind: 'contraction',
    form: spec.form ?? 'dense',
    name: 'case',
    slots: [
      { name: 'out', dtype: 'float32', access: 'write' },
      read('a'),
      read('b', spec.codes && spec.liveN === undefined ? 'int32' : 'float32'),
      ...extra,
    ],
    batch,
    m,
    n,
    k,
    a: { offset: a },
    b: operandB(spec, live),
    store: { offset: store },
    epilogue: epilogues[kind],
  };
}

/** Values lie in [-1, 1]: those above 100 / 127 saturate. */
export const inverseScaleOfLiveB = 160;

function operandB(
  { codes, liveN, batchStride = 0, groupsIn16Bits = 1 }: CaseSpec,
  live: Index,
): ContractionKernel['b'] {
  if (codes && liveN !== undefined)
    return { kind: 'live8', offset: live, quantizationOfA: codes, inverseScaleOfB: inverseScaleOfLiveB };
  if (codes) return { kind: 'packed8', batchStride, quantizationOfA: codes, groupsIn16Bits };
  return liveN === undefined ? { kind: 'packed', batchStride } : { kind: 'live', offset: live };
}

const size = (axes: readonly Axis[]): number => axes.reduce((p, a) => p * a.extent.size, 1);

export function multiplyAdds(spec: CaseSpec): number {
  const kernel = makeKernel(spec);
  return size(kernel.batch) * size(kernel.m) * kernel.n.extent.size * size(kernel.k);
}

/** Elements each slot needs: exactly up to the last one that may be touched. */
export function slotSizes(kernel: ContractionKernel): number[] {
  const span = (index: Index): number => rangeOf(index).max + 1;
  const rows = kernel.b.kind === 'packed8' ? codeRows(kernel.k) / codesPerWord : size(kernel.k) + 1;
  const panels = Math.ceil(kernel.n.extent.size / panelWidth) * panelWidth * rows;
  const isLive = kernel.b.kind === 'live' || kernel.b.kind === 'live8';
  const b = isLive ? span(kernel.b.offset) : kernel.b.batchStride * (size(kernel.batch) - 1) + panels;
  const extra =
    kernel.epilogue.kind === 'binary' && kernel.epilogue.b.kind === 'fetch' ? [span(kernel.epilogue.b.offset)] : [];
  return [span(kernel.store.offset), span(kernel.a.offset), b, ...extra];
}

/** out as the definition says, in float64, into a copy of `slots[0]`. */
export function reference(kernel: ContractionKernel, slots: readonly Float32Array[]): Float64Array {
  const out = Float64Array.from(slots[0]!);
  const at = new Map<Axis, number>();
  const value = (index: Index): number =>
    index.terms.reduce((sum, t) => sum + t.factor * (at.get(t.atom as Axis) ?? 0), index.offset);
  const each = (axes: readonly Axis[], body: (point: number) => void, point = 0): void => {
    const [axis, ...rest] = axes;
    if (!axis) {
      body(point);
      return;
    }
    for (let i = 0; i < axis.extent.size; i++) {
      at.set(axis, i);
      each(rest, body, point * axis.extent.size + i);
    }
  };
  const { n } = kernel;
  const points = size(kernel.k);
  each(kernel.batch, (batch) =>
    each([...kernel.m, n], () => {
      const col = at.get(n) ?? 0;
      const panel =
        (kernel.b.kind === 'packed' ? batch * kernel.b.batchStride : 0) +
        Math.floor(col / 8) * 8 * (points + 1) +
        (col % 8);
      let sum = kernel.b.kind === 'packed' ? slots[2]![panel]! : 0;
      const codes = kernel.b.kind === 'packed8' ? kernel.b : undefined;
      const bytes = new Int8Array(slots[2]!.buffer, slots[2]!.byteOffset, slots[2]!.byteLength);
      each(kernel.k, (k) => {
        if (codes) {
          const x = codeOf(slots[1]![value(kernel.a.offset)]!, codes.quantizationOfA);
          const run = kernel.k.at(-1)?.extent.size ?? 1;
          const filled = 4 * Math.ceil(run / 4);
          const row = Math.floor(k / run) * filled + (k % run);
          const rows = (points / run) * filled;
          const word =
            batch * codes.batchStride + ((Math.floor(col / 8) * rows) / 4) * 8 + Math.floor(row / 4) * 8 + (col % 8);
          sum += x * bytes[4 * word + (row % 4)]!;
          return;
        }
        if (kernel.b.kind === 'live8') {
          const { zero } = kernel.b.quantizationOfA;
          const x = codeOf(slots[1]![value(kernel.a.offset)]!, kernel.b.quantizationOfA) - zero;
          sum += x * signedCodeOf(slots[2]![value(kernel.b.offset)]!, kernel.b.inverseScaleOfB);
          return;
        }
        const b = kernel.b.kind === 'live' ? value(kernel.b.offset) : panel + 8 * (k + 1);
        sum += slots[1]![value(kernel.a.offset)]! * slots[2]![b]!;
      });
      const e = kernel.epilogue;
      if (e.kind === 'binary') {
        const x = e.b.kind === 'fetch' ? slots[3]![value(e.b.offset)]! : 0;
        sum = e.op === 'max' ? Math.max(sum, x) : e.op === 'mul' ? sum * x : sum + x;
      }
      out[value(kernel.store.offset)] = sum;
    }),
  );
  return out;
}

/** Renders the few epilogues of these cases. */
export const renderCase: RenderValue = (value, scope) => {
  const { code, lanes } = scope;
  const go = (e: Expr): binaryen.ExpressionRef => {
    if (e.kind === 'local') return code.get(scope.locals.get(e.name)!);
    if (e.kind === 'const')
      return lanes.width === 4
        ? code.module.f32x4.splat(code.module.f32.const(Number(e.value)))
        : code.module.f32.const(Number(e.value));
    if (e.kind !== 'binary') throw new Error(`unexpected ${e.kind}`);
    if (e.op === 'add') return lanes.add(go(e.a), go(e.b));
    if (e.op === 'mul') return lanes.mul(go(e.a), go(e.b));
    return lanes.width === 4 ? code.module.f32x4.max(go(e.a), go(e.b)) : code.module.f32.max(go(e.a), go(e.b));
  };
  return go(value);
};

/** Scratch of all kernels; it lies at address 0. */
export const scratchBytes = (kernels: readonly ContractionKernel[], features: WasmFeatures): number =>
  Math.max(0, ...kernels.map((k) => contractionScratch(k, features)));

/** Functions that sum codes after others have written them: of two, the machine at hand takes one. */
const codeSums = ['.relaxed', '.pairs'] as const;

/** One module with a function f0, f1, ... per kernel. */
export function assemble(
  kernels: readonly ContractionKernel[],
  features: WasmFeatures,
  pages: number,
): { bytes: Uint8Array<ArrayBuffer>; tiles: string[] } {
  const module = new binaryen.Module();
  try {
    const extra =
      features === 'scalar'
        ? 0
        : features === 'simd'
          ? binaryen.Features.SIMD128
          : binaryen.Features.SIMD128 | binaryen.Features.RelaxedSIMD;
    module.setFeatures(binaryen.Features.MVP | extra);
    module.setMemory(pages, pages, 'memory');
    const tiles = kernels.map((kernel, i) => {
      const facts = contractionFunction(module, `f${i}`, kernel, features, renderCase, 0);
      for (const part of ['', ...codeSums])
        if (module.getFunction(`f${i}${part}`) !== 0) module.addFunctionExport(`f${i}${part}`, `f${i}${part}`);
      return facts.tile;
    });
    if (!module.validate()) throw new Error('invalid module');
    module.runPasses(modulePasses);
    return { bytes: new Uint8Array(module.emitBinary()), tiles };
  } finally {
    module.dispose();
  }
}

export interface Built {
  readonly memory: WebAssembly.Memory;
  readonly functions: readonly ((...addresses: number[]) => void)[];
  /** for each kernel, what sums anew after its function has run */
  readonly sums: readonly (readonly ((...addresses: number[]) => void)[])[];
  readonly tiles: readonly string[];
  readonly bytes: number;
}

export function instantiate(kernels: readonly ContractionKernel[], features: WasmFeatures, pages: number): Built {
  const { bytes, tiles } = assemble(kernels, features, pages);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const functions = kernels.map((_, i) => exports[`f${i}`] as (...addresses: number[]) => void);
  const sums = kernels.map((_, i) =>
    codeSums.flatMap((part) => {
      const found = exports[`f${i}${part}`];
      return found ? [found as (...addresses: number[]) => void] : [];
    }),
  );
  return { sums, memory: exports.memory as WebAssembly.Memory, functions, tiles, bytes: bytes.length };
}
