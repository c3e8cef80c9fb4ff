import binaryen from 'binaryen';
import { type Address, atOffset, type Code, type Local } from './code.ts';

/** The walk of one sum: `a` and `b` are the addresses at k = 0, strides are in bytes. */
export interface KWalk {
  readonly axes: readonly KAxis[];
  readonly a: Address;
  readonly b: Address;
  /** multiply-adds of one step */
  readonly madds: number;
  /** independent partial sums that steps take turns in */
  readonly splits: number;
}

export interface KAxis {
  readonly count: number;
  readonly a: number;
  readonly b: number;
}

type Step = (a: Address, b: Address, split: number) => void;

/** Multiply-adds that may be written out before a loop is made instead. */
const straightLine = 16;
/** Multiply-adds in the body of a loop. More are slower: V8 keeps too many loaded operands alive at once. */
const loopBody = 8;

/** Calls `step` for every k: written out when the sum is short, else in loops with an unrolled body. */
export function sumOverK(code: Code, walk: KWalk, step: Step): void {
  const total = walk.axes.reduce((points, axis) => points * axis.count, 1);
  if (total === 0) return;
  if (total === 1 || total * walk.madds <= straightLine) {
    let turn = 0;
    writeOut(walk.axes, walk.a, walk.b, (a, b) => step(a, b, turn++ % walk.splits));
    return;
  }
  const moving = {
    a: code.keep(binaryen.i32, addressValue(code, walk.a)),
    b: code.keep(binaryen.i32, addressValue(code, walk.b)),
  };
  sumFrom(code, walk, walk.axes, moving, step);
}

const addressValue = (code: Code, address: Address): binaryen.ExpressionRef =>
  code.plus(code.get(address.base), address.offset);

function writeOut(axes: readonly KAxis[], a: Address, b: Address, step: (a: Address, b: Address) => void): void {
  const [axis, ...rest] = axes;
  if (!axis) {
    step(a, b);
    return;
  }
  for (let i = 0; i < axis.count; i++) writeOut(rest, atOffset(a, i * axis.a), atOffset(b, i * axis.b), step);
}

interface Moving {
  readonly a: Local;
  readonly b: Local;
}

interface Moved {
  readonly a: number;
  readonly b: number;
}

/** Sums over `axes` from where the moving addresses stand; says how far it moved them. */
function sumFrom(code: Code, walk: KWalk, axes: readonly KAxis[], moving: Moving, step: Step): Moved {
  const [axis, ...rest] = axes;
  if (!axis) throw new RangeError('internal: a loop over no axis');
  const here = { a: { base: moving.a, offset: 0 }, b: { base: moving.b, offset: 0 } };
  const inner = rest.reduce((points, x) => points * x.count, 1);
  if (axis.count * inner * walk.madds <= straightLine) {
    let turn = 0;
    writeOut(axes, here.a, here.b, (a, b) => step(a, b, turn++ % walk.splits));
    return { a: 0, b: 0 };
  }
  if (rest.length > 0) {
    loop(code, axis, axis.count, 1, moving, () => sumFrom(code, walk, rest, moving, step));
    return { a: axis.count * axis.a, b: axis.count * axis.b };
  }
  const unroll = chooseUnroll(axis.count, walk.madds, walk.splits);
  const rounds = Math.floor(axis.count / unroll);
  const steps = (count: number): void => {
    for (let i = 0; i < count; i++) step(atOffset(here.a, i * axis.a), atOffset(here.b, i * axis.b), i % walk.splits);
  };
  loop(code, axis, rounds, unroll, moving, () => {
    steps(unroll);
    return { a: 0, b: 0 };
  });
  steps(axis.count - rounds * unroll);
  return { a: rounds * unroll * axis.a, b: rounds * unroll * axis.b };
}

/** `rounds` times: the body, then both addresses go `unroll` steps on. */
function loop(code: Code, axis: KAxis, rounds: number, unroll: number, moving: Moving, body: () => Moved): void {
  const { i32 } = code.module;
  const by = { a: unroll * axis.a, b: unroll * axis.b };
  const watched = by.b !== 0 ? 'b' : by.a !== 0 ? 'a' : undefined;
  const end = watched && code.keep(binaryen.i32, code.plus(code.get(moving[watched]), rounds * by[watched]));
  const counter = watched ? undefined : code.keep(binaryen.i32, code.i32(rounds));
  code.repeat(
    () => {
      const moved = body();
      code.addTo(moving.a, by.a - moved.a);
      code.addTo(moving.b, by.b - moved.b);
      if (counter) code.addTo(counter, -1);
    },
    () => (end && watched ? i32.ne(code.get(moving[watched]), code.get(end)) : code.get(counter ?? moving.a)),
  );
}

/** Steps per round: all partial sums in turn, more only while the body is short, without a remainder where possible. */
function chooseUnroll(count: number, madds: number, splits: number): number {
  const most = Math.max(splits, Math.floor(loopBody / madds));
  for (let by = most; by >= splits; by--) if (count % by === 0 && by % splits === 0) return by;
  return Math.min(most, count);
}
