import binaryen from 'binaryen';
import {
  type BinaryExpr,
  type ConstExpr,
  constant,
  type Expr,
  type SelectExpr,
  type UnaryExpr,
} from '../../compiler/kernel/expr.ts';
import type { Axis, Index } from '../../compiler/kernel/index-expr.ts';
import { laneStride } from '../../compiler/kernel/lane-stride.ts';
import { binaryOps, unaryOps } from '../../compiler/kernel/scalar.ts';
import { isComposite, writtenOut } from './composites.ts';
import { Dependences } from './dependence.ts';
import { type FetchContext, fetchScalar, fetchSplat, fetchVector, type Lanes } from './fetches.ts';
import type { Functions } from './functions.ts';
import { type Resolved, resolvedValue, resolveIndex } from './indices.ts';
import type { Code, Local, Ref } from './kernels/code.ts';
import { relaxedMadd } from './kernels/relaxed.ts';
import type { Surroundings } from './primitives/intrinsics.ts';
import { scalarBinary, scalarCast, scalarConstant, scalarType, scalarUnary } from './primitives/scalar.ts';
import {
  extract,
  splat,
  vectorBinary,
  vectorCast,
  vectorConstant,
  vectorOfIntegers,
  vectorShift,
  vectorUnary,
} from './primitives/vector.ts';
import { type Scope, scopeAt, scopeOfAxis } from './scope.ts';

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
export class Renderer implements FetchContext, Surroundings {
  readonly code: Code;
  readonly module: binaryen.Module;
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
  readonly #functions: Functions;
  readonly #slots: readonly Local[];
  readonly #written: ReadonlySet<number>;

  constructor(code: Code, functions: Functions, slots: readonly Local[], scope: Scope, written: Iterable<number> = []) {
    this.code = code;
    this.module = code.module;
    this.saturates = functions.features !== 'scalar';
    this.#functions = functions;
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
    if (e.kind === 'const') return this.#constantVector(e);
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
    const place = this.scope;
    this.scope = scope;
    const value = make();
    this.scope = place;
    const local = this.code.local(type);
    scope.statements.push(this.module.local.set(local.index, value));
    scope.memo.set(key, local);
    return this.code.get(local);
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
    const operands = e.kind === 'unary' ? [e.x] : [e.a, e.b];
    if (this.#functions.features === 'scalar') {
      return this.#functions.composite(
        e.op,
        operands.map((x) => this.scalar(x)),
      );
    }
    const all = this.#functions.composite(
      e.op,
      operands.map((x) => this.vector(x)),
    );
    return extract(this.module, e.dtype, all, 0);
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
        return this.#indexVector(e.index);
      case 'unary':
        if (!unaryOps[e.op].native) return this.#compositeVector(e);
        return vectorUnary(this, e.op, e.x.dtype, this.vector(e.x));
      case 'binary':
        return this.#binaryVector(e);
      case 'select':
        return this.#selectVector(e);
      case 'cast':
        return vectorCast(this, e.x.dtype, e.dtype, this.vector(e.x));
      default:
        throw new TypeError(`internal: ${e.kind} in a wasm kernel`);
    }
  }

  /** Engines do not move constants out of loops. */
  #constantVector(e: ConstExpr): Ref {
    const constant = (): Ref => vectorConstant(this.module, e.dtype, e.value);
    const bits = bitsOf(e);
    if (!this.isHot) return bits === 0 ? constant() : this.#functions.splats.get(bits);
    const root = scopeAt(this.scope, 0);
    const key = `${e.dtype} ${Object.is(e.value, -0) ? '-0' : e.value}`;
    const known = root.memo.get(key);
    if (known) return this.code.get(known);
    const local = this.code.local(binaryen.v128);
    root.statements.push(this.module.local.set(local.index, constant()));
    root.memo.set(key, local);
    return this.code.get(local);
  }

  #compositeVector(e: UnaryExpr | BinaryExpr): Ref {
    const expansion = this.#writtenOut(e);
    if (expansion) return this.vector(expansion);
    const operands = e.kind === 'unary' ? [e.x] : [e.a, e.b];
    return this.#functions.composite(
      e.op,
      operands.map((x) => this.vector(x)),
    );
  }

  #selectVector(e: SelectExpr): Ref {
    const [a, b] = [this.vector(e.a), this.vector(e.b)];
    const choice = ordersOf(e);
    if (choice) return choice === 'larger' ? this.module.f32x4.pmax(b, a) : this.module.f32x4.pmin(b, a);
    if (!this.varies(e.cond)) return this.module.select(this.scalar(e.cond), a, b);
    return this.module.v128.bitselect(a, b, this.vector(e.cond));
  }

  #binaryVector(e: BinaryExpr): Ref {
    if (!binaryOps[e.op].native) return this.#compositeVector(e);
    if ((e.op === 'shl' || e.op === 'shr') && !this.varies(e.b)) {
      return vectorShift(this, e.op, e.dtype === 'uint32', this.vector(e.a), this.scalar(e.b));
    }
    if ((e.op === 'max' || e.op === 'min') && e.dtype === 'float32') {
      const known = [e.a, e.b].find(isNumber);
      const other = known === e.a ? e.b : e.a;
      // pmax(x, c) = x < c ? c : x: keeps a NaN in x, and is one instruction where max is eight.
      if (known) return this.module.f32x4[e.op === 'max' ? 'pmax' : 'pmin'](this.vector(other), this.vector(known));
    }
    if ((e.op === 'add' || e.op === 'sub') && e.dtype === 'float32' && this.#functions.features === 'relaxed') {
      const sum = this.#multiplyAdd(e);
      if (sum !== undefined) return sum;
    }
    return vectorBinary(this, e.op, e.a.dtype, this.vector(e.a), this.vector(e.b));
  }

  /** x + a * b, and x - a * c with the constant's sign turned. */
  #multiplyAdd(e: BinaryExpr): Ref | undefined {
    const isOwn = (x: Expr): x is BinaryExpr => isProduct(x) && !this.dependences.isShared(x) && this.varies(x);
    if (e.op === 'sub') {
      if (!isOwn(e.b) || e.b.b.kind !== 'const') return undefined;
      const turned = constant('float32', -Number(e.b.b.value));
      return relaxedMadd(this.module, this.vector(e.b.a), this.vector(turned), this.vector(e.a));
    }
    const product = [e.a, e.b].find(isOwn);
    if (!product) return undefined;
    const rest = product === e.a ? e.b : e.a;
    return relaxedMadd(this.module, this.vector(product.a), this.vector(product.b), this.vector(rest));
  }

  #indexVector(index: Index): Ref {
    const { i32x4 } = this.module;
    const stride = this.strideOf(index);
    if (stride !== undefined) {
      const first = i32x4.splat(resolvedValue(this.code, resolveIndex(this, index)));
      const steps = vectorOfIntegers(
        this.module,
        [0, 1, 2, 3].map((lane) => lane * stride),
      );
      return i32x4.add(first, steps);
    }
    const count = this.lanes?.count ?? 4;
    let vector: Ref | undefined;
    for (let lane = 0; lane < count; lane++) {
      const value = this.atLane(lane, () => resolvedValue(this.code, resolveIndex(this, index)));
      vector = vector ? i32x4.replace_lane(vector, lane, value) : i32x4.splat(value);
    }
    return vector ?? vectorConstant(this.module, 'int32', 0);
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
    const place = this.scope;
    this.scope = scope;
    const value = this.varies(e) ? extract(this.module, e.dtype, this.#keptVector(e), lane) : this.scalar(e);
    this.scope = place;
    const local = this.code.local(binaryen.i32);
    scope.statements.push(this.module.local.set(local.index, value));
    scope.memo.set(key, local);
    return { local, constant: 0, depth };
  }

  #keptVector(e: Expr): Ref {
    const key = this.#key('v', e);
    const known = this.scope.memo.get(key);
    if (known) return this.code.get(known);
    const value = this.atLane(0, () => this.vector(e));
    const local = this.code.local(binaryen.v128);
    this.scope.statements.push(this.module.local.set(local.index, value));
    this.scope.memo.set(key, local);
    return this.code.get(local);
  }

  share(type: binaryen.Type, value: Ref, use: (again: () => Ref) => Ref): Ref {
    const local = this.code.local(type);
    this.scope.statements.push(this.module.local.set(local.index, value));
    return use(() => this.code.get(local));
  }

  call(name: Parameters<Surroundings['call']>[0], operands: readonly Ref[]): Ref {
    return this.#functions.intrinsic(name, operands);
  }
}

function bitsOf({ dtype, value }: ConstExpr): number {
  if (dtype === 'bool') return value ? -1 : 0;
  if (dtype !== 'float32') return Number(value) | 0;
  return new Int32Array(Float32Array.of(Number(value)).buffer)[0] ?? 0;
}

const isNumber = (e: Expr): e is ConstExpr => e.kind === 'const' && !Number.isNaN(e.value);
const isProduct = (e: Expr): e is BinaryExpr => e.kind === 'binary' && e.op === 'mul';

/** p < q ? q : p is the larger, p < q ? p : q the smaller, and what is not a number stays as pmax and pmin keep it. */
function ordersOf({ cond, a, b, dtype }: SelectExpr): 'larger' | 'smaller' | undefined {
  if (dtype !== 'float32' || cond.kind !== 'binary' || cond.op !== 'lt') return undefined;
  if (isSame(cond.a, b) && isSame(cond.b, a)) return 'larger';
  return isSame(cond.a, a) && isSame(cond.b, b) ? 'smaller' : undefined;
}

const isSame = (x: Expr, y: Expr): boolean =>
  x === y || (x.kind === 'const' && y.kind === 'const' && x.dtype === y.dtype && Object.is(x.value, y.value));
