import type { Expr, FetchExpr, Guard } from '../../../compiler/kernel/expr.ts';
import { identityOf } from '../../../compiler/kernel/fold.ts';
import type { Axis } from '../../../compiler/kernel/index-expr.ts';
import type { ReduceStmt } from '../../../compiler/kernel/nest.ts';
import { allOf, fetchVector, holds } from '../fetches.ts';
import type { Ref } from '../kernels/code.ts';
import { innerScope } from '../scope.ts';
import { type Accumulator, accumulate, finish, foldTogether, makeAccumulator } from './folds.ts';
import type { NestWriter } from './writer.ts';

/** Reductions over at most this many points are written out. */
const mostUnrolled = 9;

/** Writes a reduction; its locals hold the totals afterwards. */
export function writeReduction(writer: NestWriter, s: ReduceStmt): void {
  const { renderer } = writer;
  const row = !renderer.lanes && writer.hasLanes ? writer.plan.rowAxis(s) : undefined;
  if (row) reduceRow(writer, s, row);
  else if (renderer.lanes || writer.copies) reduceBeside(writer, s);
  else reduceAlone(writer, s);
}

/** Lanes, or copies, each fold their own values. */
function reduceBeside(writer: NestWriter, s: ReduceStmt): void {
  const { renderer } = writer;
  const accs: Accumulator[][] = s.folds.map(() => []);
  writer.eachCopy((copy) => {
    s.folds.forEach((fold, i) => {
      const list = accs[i];
      if (copy === 0 || renderer.isReplicated(fold.body)) {
        list?.push(makeAccumulator(renderer, fold.op, fold.dtype, renderer.varies(fold.body)));
      }
    });
  });
  const guarded = guardedFold(writer, s);
  const foldAll = (value: (body: Expr, isVector: boolean) => Ref): void =>
    writer.eachCopy((copy) => {
      s.folds.forEach((fold, i) => {
        const acc = accs[i]?.[copy];
        if (acc) accumulate(renderer, acc, value(fold.body, acc.isVector), 4);
      });
    });
  overAxes(writer, s.axes, () => {
    if (guarded) where(writer, guarded.guards, () => foldAll(() => fetchVector(renderer, { ...guarded, guards: [] })));
    else foldAll((body, isVector) => (isVector ? renderer.vector(body) : renderer.scalar(body)));
  });
  s.folds.forEach((fold, i) => {
    const list = accs[i] ?? [];
    renderer.locals.set(fold.name, {
      copies: list.map((acc) => finish(renderer, acc)),
      isVector: list[0]?.isVector ?? false,
      depth: renderer.scope.depth,
    });
  });
}

/** The fetch of a fold whose guards are the same in all lanes and whose fill changes nothing: a padded pool. */
function guardedFold(writer: NestWriter, { folds }: ReduceStmt): FetchExpr | undefined {
  const { renderer } = writer;
  const [fold] = folds;
  if (folds.length > 1 || fold?.body.kind !== 'fetch' || fold.body.guards.length === 0) return undefined;
  const { body } = fold;
  const isNeutral = body.fill === identityOf(fold.op, fold.dtype);
  const isUniform = body.guards.every((g) => renderer.strideOf(g.index) === 0);
  const copied = writer.copies?.axis;
  const isShared = body.guards.every((g) => copied === undefined || !renderer.dependences.ofIndex(g.index).has(copied));
  return isNeutral && isUniform && isShared && renderer.varies(body) ? body : undefined;
}

/** Runs what `body` writes only where the guards hold. Nothing it loads may move out, so it binds no values. */
function where(writer: NestWriter, guards: readonly Guard[], body: () => void): void {
  const { renderer, code } = writer;
  const condition = holds(renderer, guards);
  if (condition === false) return;
  if (condition === true) {
    body();
    return;
  }
  const outer = renderer.scope;
  const statements: Ref[] = [];
  renderer.scope = innerScope(outer, statements, new Map());
  body();
  renderer.scope = outer;
  outer.statements.push(code.module.if(allOf(renderer, condition), code.module.block(null, statements)));
}

/** Lanes run along one of the reduction's own axes; they are folded together at the end. */
function reduceRow(writer: NestWriter, s: ReduceStmt, row: Axis): void {
  const { renderer } = writer;
  const vectors = Math.floor(row.extent.size / 4);
  const unroll = Math.max(1, Math.min(s.folds.length > 1 ? 2 : 4, vectors));
  const accs = s.folds.map((fold) =>
    Array.from({ length: unroll }, () => makeAccumulator(renderer, fold.op, fold.dtype, true)),
  );
  overAxes(
    writer,
    s.axes.filter((axis) => axis !== row),
    () =>
      writer.alongLanes(row, unroll, (count) =>
        writer.eachCopy((copy) => {
          s.folds.forEach((fold, i) => {
            const acc = accs[i]?.[copy];
            if (acc) accumulate(renderer, acc, renderer.vector(fold.body), count);
          });
        }),
      ),
  );
  bindTotals(writer, s, accs);
}

/** One value at a time, into several accumulators so that they need not wait for each other. */
function reduceAlone(writer: NestWriter, s: ReduceStmt): void {
  const { renderer } = writer;
  const last = s.axes.at(-1);
  const size = last?.extent.size ?? 1;
  const unroll = size >= 16 ? 4 : 1;
  const accs = s.folds.map((fold) =>
    Array.from({ length: unroll }, () => makeAccumulator(renderer, fold.op, fold.dtype, false)),
  );
  const fold = (): void =>
    writer.eachCopy((copy) => {
      s.folds.forEach((fold, i) => {
        const acc = accs[i]?.[copy];
        if (acc) accumulate(renderer, acc, renderer.scalar(fold.body), 4);
      });
    });
  if (!last || unroll === 1) overAxes(writer, s.axes, fold);
  else {
    overAxes(writer, s.axes.slice(0, -1), () => {
      const rounds = Math.floor(size / unroll);
      writer.repeat(last, 0, rounds, unroll, () => writer.inCopies({ axis: last, stride: 1, count: unroll }, fold));
      writer.repeat(last, rounds * unroll, size % unroll, 1, fold);
    });
  }
  bindTotals(writer, s, accs);
}

function bindTotals(writer: NestWriter, s: ReduceStmt, accs: readonly (readonly Accumulator[])[]): void {
  const { renderer } = writer;
  s.folds.forEach((fold, i) => {
    const total = foldTogether(renderer, accs[i] ?? []);
    renderer.locals.set(fold.name, { copies: [total], isVector: false, depth: renderer.scope.depth });
  });
}

/** Runs `body` at every point of `axes`; few points are written out. */
function overAxes(writer: NestWriter, axes: readonly Axis[], body: () => void): void {
  const [axis, ...inner] = axes;
  if (!axis) {
    body();
    return;
  }
  const points = axes.reduce((product, a) => product * a.extent.size, 1);
  if (points > mostUnrolled) {
    writer.repeat(axis, 0, axis.extent.size, 1, () => overAxes(writer, inner, body));
    return;
  }
  for (let i = 0; i < axis.extent.size; i++) writer.repeat(axis, i, 1, 1, () => overAxes(writer, inner, body));
}
