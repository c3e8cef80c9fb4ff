import binaryen from 'binaryen';
import type { BinaryExpr, Expr, UnaryExpr } from '../../compiler/kernel/expr.ts';
import type { Axis, Index } from '../../compiler/kernel/index-expr.ts';
import { laneStride } from '../../compiler/kernel/lane-stride.ts';
import { binaryOps, unaryOps } from '../../compiler/kernel/scalar.ts';
import { childrenOf } from '../../compiler/kernel/traverse.ts';
import { isComposite, writtenOut } from './composites.ts';
import { Dependences } from './dependence.ts';
import { fetchScalar, fetchSplat, fetchVector, type Lanes } from './fetches.ts';
import type { Functions } from './functions.ts';
import { type Resolved, resolvedValue, resolveIndex } from './indices.ts';
import type { Code, Local, Ref } from './kernels/code.ts';
import type { Surroundings } from './primitives/intrinsics.ts';
import { scalarBinary, scalarCast, scalarConstant, scalarType, scalarUnary } from './primitives/scalar.ts';
import { extract, splat, vectorCast, vectorUnary } from './primitives/vector.ts';
import { keep, type Scope, scopeAt, scopeOfAxis } from './scope.ts';
import { binaryVector, type OperandContext, selectVector } from './vector-arithmetic.ts';
import { constantVector, indexVector, type LeafContext } from './vector-leaves.ts';

export interface BoundLocal {
  /** one per replica, or one for all */
  readonly copies: readonly Local[];
  readonly isVector: boolean;
  readonly depth: number;
}

/** Copies of the same code side by side: copy i sees `axis` at i * stride beyond its value. */
export interface Replica {
  readonly axis: Axis;
  readonly stride: number;
  readonly copy: number;
}

/** Renders expressions at a place (scope, lanes, replica) of one function. Parts used twice, or invariant in a loop, get a local. */
export class Renderer implements LeafContext, OperandContext {
  readonly code: Code;
  readonly module: binaryen.Module;
  readonly functions: Functions;
  readonly saturates: boolean;
  readonly dependences = new Dependences();
  readonly locals = new Map<string, BoundLocal>();
  scope: Scope;
  lanes: Lanes | undefined;
  replica: Replica | undefined;
  /** in a loop that runs long enough to repay code written out in place of calls */
  isHot = false;
  #lane = 0;
  readonly #expansions = new Map<Expr, Expr>();
  readonly #slots: readonly Local[];
  readonly #written: ReadonlySet<number>;

  constructor(code: Code, functions: Functions, slots: readonly Local[], scope: Scope, written: Iterable<number> = []) {
    this.code = code;
    this.module = code.module;
    this.saturates = functions.features !== 'scalar';
    this.functions = functions;
    this.#slots = slots;
    this.#written = new Set(written);
    this.scope = scope;
  }

  /** A value that is the same in all lanes, as f32 or i32 (bool: 0 or 1). */
  scalar(e: Expr): Ref {
    if (e.kind === 'const') return scalarConstant(this.module, e.dtype, e.value);
    if (e.kind === 'local') return this.code.get(this.#copyOf(e.name));
    if (e.kind === 'index') return resolvedValue(this.code, resolveIndex(this, e.index));
    return this.#bound('s', e, scalarType(e.dtype), () => this.#scalar(e));
  }

  /** Four values along the vector axis, as v128 (bool: masks). */
  vector(e: Expr): Ref {
    if (e.kind === 'const') return constantVector(this, e);
    if (e.kind === 'local' && this.varies(e)) return this.code.get(this.#copyOf(e.name));
    return this.#bound('v', e, binaryen.v128, () => this.#vector(e));
  }

  /** Whether the lanes of `e` differ here. */
  varies(e: Expr): boolean {
    return [...this.dependences.of(e)].some((d) =>
      typeof d === 'string' ? this.locals.get(d)?.isVector : d === this.lanes?.axis,
    );
  }

  /** Whether `e` differs between replicas here. */
  isReplicated(e: Expr): boolean {
    return [...this.dependences.of(e)].some((d) =>
      typeof d === 'string' ? (this.locals.get(d)?.copies.length ?? 0) > 1 : d === this.replica?.axis,
    );
  }

  /** Makes `local` the value of `e` at this place. */
  remember(form: 's' | 'v', e: Expr, local: Local): void {
    this.scope.memo.set(this.#key(form, e), local);
  }

  #key(form: 's' | 'v', e: Expr): string {
    const copy = this.replica && this.isReplicated(e) ? this.replica.copy : 0;
    return `${form}${this.dependences.id(e)}@${copy}`;
  }

  #bound(form: 's' | 'v', e: Expr, type: binaryen.Type, make: () => Ref): Ref {
    const key = this.#key(form, e);
    const inner = this.scope.memo.get(key);
    if (inner) return this.code.get(inner);
    const scope = scopeAt(this.scope, this.#depthOf(e));
    const known = scope.memo.get(key);
    if (known) return this.code.get(known);
    if (scope === this.scope && !this.dependences.isShared(e)) return make();
    return this.code.get(keep(this.code, scope, key, type, this.#at(scope, make)));
  }

  #at(scope: Scope, make: () => Ref): Ref {
    const place = this.scope;
    this.scope = scope;
    const value = make();
    this.scope = place;
    return value;
  }

  #depthOf(e: Expr): number {
    let depth = this.dependences.reads(e, this.#written) ? this.scope.depth : 0;
    for (const d of this.dependences.of(e)) {
      depth = Math.max(depth, typeof d === 'string' ? this.#local(d).depth : scopeOfAxis(this.scope, d).depth);
    }
    return depth;
  }

  #local(name: string): BoundLocal {
    const found = this.locals.get(name);
    if (!found) throw new Error(`internal: local ${name} is not bound`);
    return found;
  }

  #copyOf(name: string): Local {
    const { copies } = this.#local(name);
    const copy = copies[copies.length > 1 ? (this.replica?.copy ?? 0) : 0];
    if (!copy) throw new Error(`internal: local ${name} has no copy ${this.replica?.copy}`);
    return copy;
  }

  #scalar(e: Expr): Ref {
    switch (e.kind) {
      case 'fetch':
        return fetchScalar(this, e);
      case 'unary':
        if (unaryOps[e.op].native) return scalarUnary(this, e.op, e.x.dtype, this.scalar(e.x));
        return this.#composite(e);
      case 'binary':
        if (!binaryOps[e.op].native) return this.#composite(e);
        return scalarBinary(this, e.op, e.a.dtype, this.scalar(e.a), this.scalar(e.b));
      case 'select':
        return this.module.select(this.scalar(e.cond), this.scalar(e.a), this.scalar(e.b));
      case 'cast':
        return scalarCast(this, e.x.dtype, e.dtype, this.scalar(e.x));
      default:
        throw new TypeError(`internal: ${e.kind} in a wasm kernel`);
    }
  }

  #writtenOut(e: UnaryExpr | BinaryExpr): Expr | undefined {
    const known = this.#expansions.get(e);
    if (known) return known;
    const expansion = writtenOut(e, this.isHot);
    if (!expansion) return undefined;
    this.dependences.count(expansion);
    this.#expansions.set(e, expansion);
    return expansion;
  }

  #composite(e: UnaryExpr | BinaryExpr): Ref {
    const expansion = this.#writtenOut(e);
    if (expansion) return this.scalar(expansion);
    if (this.functions.features !== 'scalar') return extract(this.module, e.dtype, this.#compositeCall(e), 0);
    const operands = childrenOf(e).map((x) => this.scalar(x));
    return this.functions.composite(e.op, operands);
  }

  #vector(e: Expr): Ref {
    if (!this.varies(e)) {
      if (e.kind === 'fetch') return fetchSplat(this, e);
      if (isComposite(e)) return this.#compositeVector(e);
      return splat(this.module, e.dtype, this.scalar(e));
    }
    switch (e.kind) {
      case 'fetch':
        return fetchVector(this, e);
      case 'index':
        return indexVector(this, e.index);
      case 'unary':
        if (!unaryOps[e.op].native) return this.#compositeVector(e);
        return vectorUnary(this, e.op, e.x.dtype, this.vector(e.x));
      case 'binary':
        return binaryOps[e.op].native ? binaryVector(this, e) : this.#compositeVector(e);
      case 'select':
        return selectVector(this, e);
      case 'cast':
        return vectorCast(this, e.x.dtype, e.dtype, this.vector(e.x));
      default:
        throw new TypeError(`internal: ${e.kind} in a wasm kernel`);
    }
  }

  #compositeVector(e: UnaryExpr | BinaryExpr): Ref {
    const expansion = this.#writtenOut(e);
    return expansion ? this.vector(expansion) : this.#compositeCall(e);
  }

  #compositeCall(e: UnaryExpr | BinaryExpr): Ref {
    const operands = childrenOf(e).map((x) => this.vector(x));
    return this.functions.composite(e.op, operands);
  }

  slot(index: number): Local {
    const found = this.#slots[index];
    if (!found) throw new RangeError(`internal: slot ${index} of ${this.#slots.length}`);
    return found;
  }

  strideOf(index: Index): number | undefined {
    const { lanes } = this;
    if (!lanes) return 0;
    const isVector = (d: Axis | string): boolean =>
      typeof d === 'string' ? (this.locals.get(d)?.isVector ?? false) : d === lanes.axis;
    return laneStride(index, lanes.axis, lanes.isAligned, (e) => [...this.dependences.of(e)].some(isVector));
  }

  atLane<T>(lane: number, render: () => T): T {
    const before = this.#lane;
    this.#lane = lane;
    const result = render();
    this.#lane = before;
    return result;
  }

  shiftOf(axis: Axis): number {
    const lane = axis === this.lanes?.axis ? this.#lane : 0;
    return lane + (axis === this.replica?.axis ? this.replica.copy * this.replica.stride : 0);
  }

  resolveValue(e: Expr): Resolved {
    const lane = this.varies(e) ? this.#lane : 0;
    const depth = this.#depthOf(e);
    const scope = scopeAt(this.scope, depth);
    const key = `${this.#key('s', e)}.${lane}`;
    const known = scope.memo.get(key);
    if (known) return { local: known, constant: 0, depth };
    const value = this.#at(scope, () =>
      this.varies(e) ? extract(this.module, e.dtype, this.#keptVector(e), lane) : this.scalar(e),
    );
    return { local: keep(this.code, scope, key, binaryen.i32, value), constant: 0, depth };
  }

  #keptVector(e: Expr): Ref {
    const key = this.#key('v', e);
    const known = this.scope.memo.get(key);
    if (known) return this.code.get(known);
    const value = this.atLane(0, () => this.vector(e));
    return this.code.get(keep(this.code, this.scope, key, binaryen.v128, value));
  }

  share(type: binaryen.Type, value: Ref, use: (again: () => Ref) => Ref): Ref {
    const local = this.code.local(type);
    this.scope.statements.push(this.module.local.set(local.index, value));
    return use(() => this.code.get(local));
  }

  call(name: Parameters<Surroundings['call']>[0], operands: readonly Ref[]): Ref {
    return this.functions.intrinsic(name, operands);
  }
}
