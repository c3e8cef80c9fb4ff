import binaryen from 'binaryen';
import type { FetchExpr } from '../../../compiler/kernel/expr.ts';
import type { Axis } from '../../../compiler/kernel/index-expr.ts';
import type { StoreStmt } from '../../../compiler/kernel/nest.ts';
import { fetchesIn } from '../../../compiler/kernel/traverse.ts';
import { laneBytes, loadVector } from '../fetches.ts';
import { resolveAddress } from '../indices.ts';
import type { Local, Ref } from '../kernels/code.ts';
import type { Renderer } from '../render.ts';
import type { PlainLoop } from './normalise.ts';
import type { Plan } from './plan.ts';
import type { NestWriter } from './writer.ts';

/** A store that is dense along `store.axis` of values fetched densely along `load.axis`. */
export interface Transpose {
  /** perfectly nested, outermost first */
  readonly loops: readonly PlainLoop[];
  readonly statement: StoreStmt;
  readonly loadAxis: Axis;
  readonly storeAxis: Axis;
  readonly turned: readonly FetchExpr[];
}

const fewestRows = 2;
const fewestColumns = 4;

/** The transpose that the loops from `outer` inward spell, if `outer` is the loop along which its loads are dense. */
export function findTranspose(outer: PlainLoop, plan: Plan): Transpose | undefined {
  const loops = [outer];
  let body = outer.body;
  for (let only = body[0]; body.length === 1 && only?.kind === 'loop'; only = body[0]) {
    loops.push(only);
    body = only.body;
  }
  const [statement] = body;
  if (body.length !== 1 || statement?.kind !== 'store') return undefined;
  const storeAxis = loops.find((l) => plan.stride(statement.offset, l.axis) === 1)?.axis;
  if (!storeAxis || storeAxis === outer.axis) return undefined;
  if (storeAxis.extent.size < fewestRows || outer.axis.extent.size < fewestColumns) return undefined;
  const turned = fetchesIn(statement.value).filter((f) => {
    const along = plan.stride(f.offset, storeAxis);
    const guarded = f.guards.some(
      (g) => plan.stride(g.index, storeAxis) !== 0 || plan.stride(g.index, outer.axis) !== 0,
    );
    return (
      !guarded && f.guards.length === 0 && along !== undefined && along > 1 && plan.stride(f.offset, outer.axis) === 1
    );
  });
  if (turned.length === 0) return undefined;
  return { loops, statement, loadAxis: outer.axis, storeAxis, turned };
}

/** Tiles of 4x4: loads along one axis, turned in registers, stored along the other. */
export function writeTransposed(writer: NestWriter, t: Transpose): void {
  const { renderer } = writer;
  const inner = t.loops.filter((l) => l.axis !== t.loadAxis && l.axis !== t.storeAxis);
  const within = (loops: readonly PlainLoop[], body: () => void): void => {
    const [first, ...others] = loops;
    if (!first) body();
    else writer.repeat(first.axis, 0, first.axis.extent.size, 1, () => within(others, body));
  };
  const columns = Math.floor(t.loadAxis.extent.size / 4);
  const block = (start: number, count: number, copies: number): void =>
    writer.repeat(t.loadAxis, start, count, 4, () =>
      within(inner, () =>
        writer.alongLanes(t.storeAxis, 1, (rows) => {
          for (const fetch of t.turned) turn(renderer, t, fetch, rows, copies);
          writer.inCopies({ axis: t.loadAxis, stride: 1, count: copies }, () =>
            writer.eachCopy(() => writer.store(t.statement)),
          );
        }),
      ),
    );
  block(0, columns, 4);
  block(4 * columns, t.loadAxis.extent.size % 4 === 0 ? 0 : 1, t.loadAxis.extent.size % 4);
}

/** Loads `rows` vectors of `columns` elements and remembers their columns as the fetch's value in each copy. */
function turn(renderer: Renderer, t: Transpose, fetch: FetchExpr, rows: number, columns: number): void {
  const { code, module } = renderer;
  const { statements } = renderer.scope;
  const loaded: Local[] = [];
  for (let row = 0; row < 4; row++) {
    if (row >= rows) continue;
    const address = renderer.atLane(row, () => resolveAddress(renderer, renderer.slot(fetch.slot), fetch.offset));
    const local = code.local(binaryen.v128);
    statements.push(module.local.set(local.index, loadVector(renderer, address, columns)));
    loaded.push(local);
  }
  const row = (i: number): Ref => {
    const local = loaded[i] ?? loaded[0];
    if (!local) throw new Error('internal: a transpose without rows');
    return code.get(local);
  };
  const keep = (value: Ref): Local => {
    const local = code.local(binaryen.v128);
    statements.push(module.local.set(local.index, value));
    return local;
  };
  const shuffle = (a: Ref, b: Ref, lanes: readonly number[]): Ref => module.i8x16.shuffle(a, b, laneBytes(lanes));
  const low = [keep(shuffle(row(0), row(1), [0, 4, 1, 5])), keep(shuffle(row(2), row(3), [0, 4, 1, 5]))] as const;
  const high = [keep(shuffle(row(0), row(1), [2, 6, 3, 7])), keep(shuffle(row(2), row(3), [2, 6, 3, 7]))] as const;
  for (let copy = 0; copy < columns; copy++) {
    const [a, b] = copy < 2 ? low : high;
    const column = keep(shuffle(code.get(a), code.get(b), copy % 2 === 0 ? [0, 1, 4, 5] : [2, 3, 6, 7]));
    const value = fetch.dtype === 'bool' ? asMask(renderer, column) : column;
    renderer.replica = { axis: t.loadAxis, stride: 1, copy };
    renderer.remember('v', fetch, value);
  }
  renderer.replica = undefined;
}

function asMask({ code, module, scope }: Renderer, bits: Local): Local {
  scope.statements.push(
    module.local.set(bits.index, module.i32x4.ne(code.get(bits), module.i32x4.splat(module.i32.const(0)))),
  );
  return bits;
}
