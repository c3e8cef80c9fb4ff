import binaryen from 'binaryen';
import type { Expr } from '../../../compiler/kernel/expr.ts';
import type { Axis } from '../../../compiler/kernel/index-expr.ts';
import type { StoreStmt } from '../../../compiler/kernel/nest.ts';
import { resolveAddress } from '../indices.ts';
import { type Address, atOffset, type Code, type Local, type Ref } from '../kernels/code.ts';
import type { Renderer } from '../render.ts';
import { innerScope } from '../scope.ts';
import type { PlainLoop, PlainStmt } from './normalise.ts';
import { expressionsIn, Plan, reductionsIn, weightOf } from './plan.ts';
import { writeReduction } from './reductions.ts';
import { findSpread, writeSpread } from './spread.ts';
import { findTranspose, type Transpose, writeTransposed } from './transpose.ts';

const elementBytes = 4;

/** Loops this long have transcendentals written out in them. */
const hotRounds = 8;

/** Copies of code side by side, `stride` apart along `axis`. */
interface Copies {
  readonly axis: Axis;
  readonly stride: number;
  readonly count: number;
}

/** Writes the statements of a nest into one function. */
export class NestWriter {
  readonly renderer: Renderer;
  readonly code: Code;
  readonly plan: Plan;
  readonly hasLanes: boolean;
  copies: Copies | undefined;
  #labels = 0;
  /** whether any code runs on four lanes */
  isVector = false;

  constructor(renderer: Renderer, hasLanes: boolean) {
    this.renderer = renderer;
    this.code = renderer.code;
    this.plan = new Plan(renderer.dependences);
    this.hasLanes = hasLanes;
  }

  write(body: readonly PlainStmt[]): void {
    for (const s of body) {
      if (s.kind === 'store') this.#store(s);
      else if (s.kind === 'reduce') writeReduction(this, s);
      else this.#loop(s);
    }
  }

  /** Runs `body` for axis = start, start + step, ... `count` times. */
  repeat(axis: Axis, start: number, count: number, step: number, body: () => void): void {
    if (count <= 0) return;
    const { renderer, code } = this;
    const outer = renderer.scope;
    if (count === 1) {
      renderer.scope = innerScope(outer, outer.statements, new Map([[axis, { local: undefined, plus: start }]]));
      body();
      renderer.scope = outer;
      return;
    }
    const { module } = code;
    const counter = code.local(binaryen.i32);
    const statements: Ref[] = [];
    const loop = { axis, start, step, increments: [] };
    renderer.scope = innerScope(outer, statements, new Map([[axis, { local: counter, plus: 0 }]]), loop);
    body();
    renderer.scope = outer;
    const label = `n${this.#labels++}`;
    const next = module.local.tee(counter.index, code.plus(code.get(counter), step), binaryen.i32);
    const again = module.br_if(label, module.i32.ne(next, code.i32(start + count * step)));
    outer.statements.push(module.local.set(counter.index, code.i32(start)));
    outer.statements.push(module.loop(label, module.block(null, [...statements, ...loop.increments, again])));
  }

  /** Runs `body` with lanes along `axis` over its whole extent: several vectors at a time, then one, then the tail. */
  alongLanes(axis: Axis, unroll: number, body: (count: 1 | 2 | 3 | 4, copies: number) => void): void {
    const full = Math.floor(axis.extent.size / 4);
    const rest = axis.extent.size % 4;
    const rounds = Math.floor(full / unroll);
    const section = (start: number, rounds: number, copies: number, count: 1 | 2 | 3 | 4): void =>
      this.repeat(axis, start, rounds, 4 * copies, () => {
        const { lanes } = this.renderer;
        this.renderer.lanes = { axis, count, isAligned: true };
        this.renderer.isHot = rounds >= hotRounds;
        this.inCopies({ axis, stride: 4, count: copies }, () => body(count, copies));
        this.renderer.isHot = false;
        this.renderer.lanes = lanes;
      });
    section(0, rounds, unroll, 4);
    section(4 * unroll * rounds, full % unroll, 1, 4);
    if (rest === 1 || rest === 2 || rest === 3) section(4 * full, 1, 1, rest);
    this.isVector = true;
  }

  inCopies(copies: Copies, body: () => void): void {
    const outer = this.copies;
    this.copies = copies;
    body();
    this.copies = outer;
  }

  /** Once for each copy, with the renderer at that copy. */
  eachCopy(body: (copy: number) => void): void {
    const copies = this.copies;
    for (let copy = 0; copy < (copies?.count ?? 1); copy++) {
      this.renderer.replica = copies ? { axis: copies.axis, stride: copies.stride, copy } : undefined;
      body(copy);
    }
    this.renderer.replica = undefined;
  }

  #loop(loop: PlainLoop): void {
    const { size } = loop.axis.extent;
    if (this.renderer.lanes || !this.hasLanes) {
      this.repeat(loop.axis, 0, size, 1, () => this.write(loop.body));
      return;
    }
    const spread = findSpread(loop, this.plan, this.renderer.dependences);
    if (spread) {
      writeSpread(this, spread);
      return;
    }
    const transpose: Transpose | undefined = findTranspose(loop, this.plan);
    if (transpose) {
      writeTransposed(this, transpose);
    } else if (this.plan.isVectorLoop(loop)) {
      this.alongLanes(loop.axis, vectorsAtOnce(loop), () => this.write(loop.body));
    } else this.repeat(loop.axis, 0, size, 1, () => this.write(loop.body));
  }

  #store(s: StoreStmt): void {
    this.eachCopy(() => this.store(s));
  }

  /** Stores one element, or one vector where there are lanes. */
  store(s: StoreStmt): void {
    const { renderer, code } = this;
    const { module } = code;
    const target = (): Address => resolveAddress(renderer, renderer.slot(s.slot), s.offset);
    const push = (ref: Ref): unknown => renderer.scope.statements.push(ref);
    const { lanes } = renderer;
    if (!lanes) {
      const value = renderer.scalar(s.value);
      const { offset, pointer } = code.operand(target());
      const kind = s.value.dtype === 'float32' ? module.f32 : module.i32;
      push(kind.store(offset, elementBytes, pointer, value));
      return;
    }
    const kept = code.local(binaryen.v128);
    push(module.local.set(kept.index, this.vectorOf(s.value)));
    if (renderer.strideOf(s.offset) === 1) this.storeDense(target(), kept, lanes.count);
    else {
      for (let lane = 0; lane < lanes.count; lane++) {
        const { offset, pointer } = code.operand(renderer.atLane(lane, target));
        push(module.v128.store32_lane(offset, elementBytes, lane, pointer, code.get(kept)));
      }
    }
  }

  /** Four values as they lie in memory: a bool as 0 or 1. */
  vectorOf(value: Expr): Ref {
    const { v128, i32x4, i32 } = this.code.module;
    const rendered = this.renderer.vector(value);
    return value.dtype === 'bool' ? v128.and(rendered, i32x4.splat(i32.const(1))) : rendered;
  }

  /** Stores the first `count` lanes side by side. */
  storeDense(target: Address, value: Local, count: number): void {
    const { module } = this.code;
    const { statements } = this.renderer.scope;
    const { offset, pointer } = this.code.operand(target);
    if (count === 4) statements.push(module.v128.store(offset, elementBytes, pointer, this.code.get(value)));
    else if (count >= 2)
      statements.push(module.v128.store64_lane(offset, elementBytes, 0, pointer, this.code.get(value)));
    if (count === 4 || count === 2) return;
    const last = this.code.operand(atOffset(target, (count - 1) * elementBytes));
    statements.push(module.v128.store32_lane(last.offset, elementBytes, count - 1, last.pointer, this.code.get(value)));
  }
}

/** Vectors handled side by side: more for light work; folds need some to hide their latency. */
function vectorsAtOnce(loop: PlainLoop): number {
  const full = Math.floor(loop.axis.extent.size / 4);
  const weight = weightOf(expressionsIn(loop.body));
  const most = reductionsIn(loop.body).length > 0 ? 4 : weight <= 8 ? 4 : weight <= 20 ? 2 : 1;
  const even = [4, 3, 2].filter((n) => n <= most && n <= full && full % n === 0);
  return even[0] ?? Math.max(1, Math.min(most, full));
}
