import { foldOps, identityOf } from '../../../compiler/kernel/fold.ts';
import type { Axis } from '../../../compiler/kernel/index-expr.ts';
import type { LoopStmt, ReduceStmt, Stmt, StoreStmt } from '../../../compiler/kernel/nest.ts';
import type { Buffers } from '../buffers.ts';
import type { Code } from '../code.ts';
import type { Renderer } from '../render.ts';
import { renderBinary, scalarConstant } from '../scalar.ts';
import { atom, element, infix, integer, splat, typeName, type Value } from '../value.ts';
import { loopAxes, pointsOf } from './regions.ts';

/** Threads of a workgroup that work at one point together. */
export interface Team {
  readonly threads: 64 | 256;
  readonly thread: Value;
}

/** Writes statements at one point of a region: by one invocation, or by a team. */
export class RegionWriter {
  readonly #code: Code;
  readonly #to: Renderer;
  readonly #buffers: Buffers;

  constructor(to: Renderer, buffers: Buffers) {
    this.#code = to.code;
    this.#to = to;
    this.#buffers = buffers;
  }

  write(body: readonly Stmt[], team?: Team): void {
    for (const s of body) {
      switch (s.kind) {
        case 'let':
          this.#to.count(s.value);
          this.#to.locals.set(s.name, this.#to.name(this.#to.value(s.value), 'v'));
          break;
        case 'reduce':
          this.#reduce(s, team);
          break;
        case 'loop':
          if (team) this.#share(s, team);
          else this.#loop(s);
          break;
        case 'store':
          if (team) this.#once(s, team);
          else this.#store(s);
          break;
        default:
          s satisfies never;
      }
    }
  }

  /** Binds axes to the digits of a flat position. */
  bindAxes(axes: readonly Axis[], position: Value, lanes: Axis | undefined): void {
    let rest = position;
    for (const axis of [...axes].reverse()) {
      const count = axis === lanes ? axis.extent.size / 4 : axis.extent.size;
      const isLast = axis === axes[0];
      const digit = isLast ? rest : infix('%', rest, integer(count));
      const at = axis === lanes ? infix('*', digit, integer(4)) : digit;
      this.#to.axes.set(axis, this.#to.name(at, 'i'));
      if (!isLast) rest = this.#to.name(infix('/', rest, integer(count)), 'rest');
    }
  }

  #loop({ axis, body }: LoopStmt): void {
    this.#code.repeat('i', axis.extent.size, (i) =>
      this.#to.scoped(() => {
        this.#to.axes.set(axis, i);
        this.write(body);
      }),
    );
  }

  /** Iterations of directly nested loops, dealt out to the threads. */
  #share(loop: LoopStmt, { threads, thread }: Team): void {
    const axes = loopAxes(loop);
    this.#code.repeat(
      'point',
      pointsOf(axes),
      (point) =>
        this.#to.scoped(() => {
          this.bindAxes(axes, point, undefined);
          let inner: readonly Stmt[] = [loop];
          for (const axis of axes) {
            this.write(inner.filter((s) => s.kind === 'let'));
            inner = inner.flatMap((s) => (s.kind === 'loop' && s.axis === axis ? s.body : []));
          }
          this.write(inner);
        }),
      { start: thread, step: threads },
    );
  }

  #once(s: StoreStmt, { thread }: Team): void {
    this.#code.when(infix('==', thread, integer(0), 'bool'), () => this.#to.scoped(() => this.#store(s)));
  }

  #store({ slot, offset, value }: StoreStmt): void {
    this.#to.count(value);
    const rendered = this.#to.value(value);
    const at = this.#to.index(offset);
    if (this.#to.lanes) this.#buffers.storeVector(this.#code, slot, at, rendered);
    else this.#buffers.store(this.#code, slot, at, rendered);
  }

  #reduce(s: ReduceStmt, team: Team | undefined): void {
    const width = this.#widths(s);
    const accumulators = s.folds.map(({ op, dtype }, f) => {
      const identity = scalarConstant(dtype, identityOf(op, dtype), this.#to.module);
      return this.#code.variable(width[f] === 4 ? splat(identity) : identity, 'fold');
    });
    const fold = (): void =>
      s.folds.forEach(({ op, body }, f) => {
        const acc = accumulators[f];
        if (acc) this.#code.assign(acc, renderBinary(foldOps[op], acc, this.#to.value(body), this.#to.module));
      });
    for (const { body } of s.folds) this.#to.count(body);
    if (team) this.#foldByTeam(s, team, accumulators, fold);
    else this.#foldAlone(s.axes, fold);
    s.folds.forEach(({ name }, f) => {
      const acc = accumulators[f];
      if (acc) this.#to.locals.set(name, acc);
    });
  }

  #foldAlone(axes: readonly Axis[], fold: () => void): void {
    const [axis, ...rest] = axes;
    if (!axis) fold();
    else {
      this.#code.repeat('k', axis.extent.size, (k) =>
        this.#to.scoped(() => {
          this.#to.axes.set(axis, k);
          this.#foldAlone(rest, fold);
        }),
      );
    }
  }

  #foldByTeam(s: ReduceStmt, { threads, thread }: Team, accumulators: readonly Value[], fold: () => void): void {
    const code = this.#code;
    code.repeat(
      'k',
      pointsOf(s.axes),
      (k) =>
        this.#to.scoped(() => {
          this.bindAxes(s.axes, k, undefined);
          fold();
        }),
      { start: thread, step: threads },
    );
    const partials = accumulators.map((acc, f) => {
      const type = acc.type === 'bool' ? 'u32' : acc.type;
      const name = `partial${f}_${type}${acc.width === 4 ? 'x4' : ''}`;
      this.#to.module.declare(name, `var<workgroup> ${name}: array<${typeName(type, acc.width)}, ${threads}>;`);
      const at = (index: Value): Value => element(name, index, type, acc.width);
      code.assign(at(thread), acc.type === 'bool' ? asNumber(acc) : acc);
      return at;
    });
    code.treeReduce(thread, threads, (distance) => {
      s.folds.forEach(({ op }, f) => {
        const at = partials[f];
        if (!at) return;
        const other = at(infix('+', thread, distance));
        code.assign(at(thread), renderBinary(foldOps[op], at(thread), other, this.#to.module));
      });
    });
    accumulators.forEach((acc, f) => {
      const result = partials[f]?.(integer(0));
      if (!result) return;
      const zero = atom(acc.width === 4 ? 'vec4<u32>(0u)' : '0u', 'u32', acc.width);
      code.assign(acc, acc.type === 'bool' ? infix('!=', result, zero, 'bool') : result);
    });
    code.barrier();
  }

  #widths(s: ReduceStmt): (1 | 4)[] {
    if (!this.#to.lanes) return s.folds.map(() => 1);
    return s.folds.map(({ body }) => (this.#to.dependsOnLanes(body) ? 4 : 1));
  }
}

const asNumber = (x: Value): Value =>
  atom(x.width === 4 ? `select(vec4<u32>(0u), vec4<u32>(1u), ${x.text})` : `select(0u, 1u, ${x.text})`, 'u32', x.width);
