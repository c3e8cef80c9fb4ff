import type { FetchExpr } from '../../../compiler/kernel/expr.ts';
import {
  type Axis,
  addIndex,
  divIndex,
  type Index,
  type Indexable,
  makeAxis,
  modIndex,
  scaleIndex,
  substituteIndex,
} from '../../../compiler/kernel/index-expr.ts';
import { isVectorAccess } from '../../../compiler/kernel/lane-stride.ts';
import { accLocal, type ContractionKernel, panelWidth } from '../../../compiler/kernel/nest.ts';
import { centred, codesPerWord, quantized, signedCode } from '../../../compiler/kernel/quantization.ts';
import { rewrite } from '../../../compiler/kernel/traverse.ts';
import { dim } from '../../../compiler/tensor/shape.ts';
import { Buffers, type SlotPlace } from '../buffers.ts';
import type { Code } from '../code.ts';
import { Renderer } from '../render.ts';
import { ShaderModule } from '../shader-module.ts';
import { atom, call, convert, infix, integer, lane, splat, type Value, vector } from '../value.ts';
import { extentsOf } from './tile.ts';

const constantAt = (): boolean => false;

/** A contraction over flat positions batch, m and k, and what all its kernels write alike. */
export class ContractionCode {
  readonly module = new ShaderModule();
  readonly kernel: ContractionKernel;
  readonly buffers: Buffers;
  readonly batch: Axis;
  readonly m: Axis;
  readonly k: Axis;
  /** offsets over batch, m, k and n; of int8 codes, b is that of the word that holds a group of four k */
  readonly a: Index;
  readonly b: Index;
  readonly bias: Index | undefined;
  readonly store: Index;
  /** four neighbours of n are stored as one vector */
  readonly storesVectors: boolean;

  constructor(kernel: ContractionKernel, places: readonly SlotPlace[]) {
    const extents = extentsOf(kernel);
    this.kernel = kernel;
    this.batch = makeAxis('batch', dim(extents.batch));
    this.m = makeAxis('m', dim(extents.m));
    this.k = makeAxis('k', dim(extents.k));
    const axis = this.#flat();
    const at = (index: Index): Index => substituteIndex(index, axis, (e) => e);
    this.a = at(kernel.a.offset);
    const { b, bias } = this.#operandB(at);
    this.b = b;
    this.bias = bias;
    this.store = at(kernel.store.offset);
    const { n } = kernel;
    this.storesVectors =
      n.extent.size % 4 === 0 && (places[0]?.isAligned ?? false) && isVectorAccess(this.store, n, constantAt);
    this.buffers = new Buffers(this.module, kernel.slots, places, { constants: 4, arena: this.storesVectors ? 4 : 1 });
  }

  /** The kernel's axes as digits of the flat ones. */
  #flat(): (axis: Axis) => Indexable {
    const digits = new Map<Axis, Index>();
    for (const [flat, axes] of [
      [this.batch, this.kernel.batch],
      [this.m, this.kernel.m],
      [this.k, this.kernel.k],
    ] as const) {
      let inner = 1;
      for (const axis of [...axes].reverse()) {
        const rest = divIndex(flat, inner);
        digits.set(axis, axis === axes[0] ? rest : modIndex(rest, axis.extent.size));
        inner *= axis.extent.size;
      }
    }
    return (axis) => digits.get(axis) ?? axis;
  }

  #operandB(at: (index: Index) => Index): { readonly b: Index; readonly bias?: Index } {
    const { b, n } = this.kernel;
    if (b.kind === 'live' || b.kind === 'live8') return { b: at(b.offset) };
    const rows = b.kind === 'packed8' ? this.k.extent.size / codesPerWord : 1 + this.k.extent.size;
    const panel = addIndex(
      scaleIndex(this.batch, b.batchStride),
      scaleIndex(divIndex(n, panelWidth), panelWidth * rows),
      modIndex(n, panelWidth),
    );
    if (b.kind === 'packed8') return { b: addIndex(panel, scaleIndex(divIndex(this.k, codesPerWord), panelWidth)) };
    return { b: addIndex(panel, panelWidth, scaleIndex(this.k, panelWidth)), bias: panel };
  }

  renderer(code: Code, lanes: Axis, at: readonly (readonly [Axis, Value])[]): Renderer {
    const to = new Renderer(code, this.module, this.buffers);
    to.lanes = lanes;
    for (const [axis, value] of at) to.axes.set(axis, value);
    return to;
  }

  /** A at a place, quantised where B is of codes: one element, or four along the place's lanes. */
  loadA(to: Renderer): Value {
    const { b } = this.kernel;
    const fetch: FetchExpr = { kind: 'fetch', dtype: 'float32', slot: 1, offset: this.a, guards: [], fill: 0 };
    if (b.kind !== 'packed8' && b.kind !== 'live8') return to.fetch(fetch);
    const code = (b.kind === 'packed8' ? quantized : centred)(fetch, b.quantizationOfA);
    to.count(code);
    return to.name(to.value(code), 'q');
  }

  /** B at four neighbours of n: one vector for one k, or for the four k of a group of codes. */
  loadB(to: Renderer): readonly Value[] {
    const fetch = { kind: 'fetch' as const, slot: 2, offset: this.b, guards: [], fill: 0 };
    const { b } = this.kernel;
    if (b.kind === 'live8') {
      const code = signedCode({ ...fetch, dtype: 'float32' }, b.inverseScaleOfB);
      to.count(code);
      return [to.name(to.value(code), 'q')];
    }
    if (b.kind !== 'packed8') return [to.fetch({ ...fetch, dtype: 'float32' })];
    const words = to.fetch({ ...fetch, dtype: 'int32' });
    return Array.from({ length: codesPerWord }, (_, i) => {
      const codes = call('extractBits', [words, atom(`${8 * i}u`, 'u32'), atom('8u', 'u32')], 'i32', 4);
      return convert('f32', codes);
    });
  }

  /** k per vector of `loadB` */
  get kPerLoad(): number {
    return this.kernel.b.kind === 'packed8' ? codesPerWord : 1;
  }

  /** Four elements along `lanes`, with zeros at `end` and beyond. */
  keepInside(to: Renderer, loaded: Value, lanes: Axis, end: number): Value {
    const first = to.axes.get(lanes);
    if (end % 4 === 0 || !first) return loaded;
    const each = [0, 1, 2, 3].map((l) => {
      const inside = infix('<', l === 0 ? first : infix('+', first, integer(l)), integer(end), 'bool');
      return atom(`select(0f, ${lane(loaded, l).text}, ${inside.text})`, 'f32');
    });
    return vector(each, 'f32');
  }

  /**
   * fn finish(batch, m, n, sum): bias, epilogue and store of the outputs at n .. n + 3, n a multiple of 4. Positions
   * outside the outputs are left alone.
   */
  defineFinish(isRagged: { readonly m: boolean; readonly n: boolean }): void {
    const { kernel } = this;
    const head = 'fn finish(batch: i32, m: i32, n: i32, sum: vec4<f32>)';
    this.module.define('finish', head, (code) => {
      const [m, n] = [atom('m', 'i32'), atom('n', 'i32')];
      if (isRagged.m) code.line(`if (m >= ${this.m.extent.size}) { return; }`);
      if (isRagged.n) code.line(`if (n >= ${kernel.n.extent.size}) { return; }`);
      const to = this.renderer(code, kernel.n, [
        [this.batch, atom('batch', 'i32')],
        [this.m, m],
        [kernel.n, n],
      ]);
      const bias =
        this.bias && to.fetch({ kind: 'fetch', dtype: 'float32', slot: 2, offset: this.bias, guards: [], fill: 0 });
      const sum = atom('sum', 'f32', 4);
      to.locals.set(accLocal, bias ? to.name(infix('+', sum, bias), 'acc') : sum);
      const epilogue = rewrite(kernel.epilogue, this.#flat());
      to.count(epilogue);
      const result = to.value(epilogue);
      if (this.storesVectors) this.buffers.storeVector(code, 0, to.index(this.store), result);
      else this.#storeEach(code, to, n, to.name(splat(result), 'y'));
    });
  }

  #storeEach(code: Code, to: Renderer, n: Value, result: Value): void {
    const count = this.kernel.n.extent.size;
    for (let l = 0; l < 4; l++) {
      const store = (): void => this.buffers.store(code, 0, to.index(this.store, l), lane(result, l));
      const isCertain = l < (count % 4 === 0 ? 4 : count % 4);
      if (isCertain) store();
      else code.when(infix('<', infix('+', n, integer(l)), integer(count), 'bool'), store);
    }
  }
}
