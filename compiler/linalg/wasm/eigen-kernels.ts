import {
  add,
  addF64,
  addI32,
  assemble,
  type Code,
  constant,
  type Func,
  f64,
  get,
  i32,
  lane,
  loadPair,
  loadSplat,
  mul,
  repeat,
  set,
  splat,
  storePair,
  sub,
  subI32,
  v128,
  zeroPair,
} from './assemble.ts';

/** Elements that updateAndDot takes at a time: lengths are multiples. */
export const dotStep = 4;
/** Columns that rotateStrip takes. */
export const stripSize = 8;

const advance = (local: number, bytes: number): Code => set(local, addI32(get(local), constant(bytes)));

/** row -= vi w + wi v, then row . x, over dotStep * steps elements. Byte addresses. */
export type UpdateAndDot = (
  row: number,
  v: number,
  w: number,
  x: number,
  vi: number,
  wi: number,
  steps: number,
) => number;

const dots = { row: 0, v: 1, w: 2, x: 3, vi: 4, wi: 5, steps: 6, vs: 7, ws: 8, now: 9, sums: 10 };

const updateAndDot: Func = {
  name: 'updateAndDot',
  parameters: [i32, i32, i32, i32, f64, f64, i32],
  result: f64,
  locals: [v128, v128, v128, v128, v128],
  body: [
    ...set(dots.vs, splat(get(dots.vi))),
    ...set(dots.ws, splat(get(dots.wi))),
    ...[0, 1].flatMap((pair) => set(dots.sums + pair, zeroPair)),
    ...repeat(dots.steps, [
      ...[0, 1].flatMap((pair) => {
        const load = (local: number): Code => loadPair(get(local), 16 * pair);
        const away = add(mul(get(dots.vs), load(dots.w)), mul(get(dots.ws), load(dots.v)));
        return [
          ...set(dots.now, sub(load(dots.row), away)),
          ...storePair(get(dots.row), get(dots.now), 16 * pair),
          ...set(dots.sums + pair, add(get(dots.sums + pair), mul(get(dots.now), load(dots.x)))),
        ];
      }),
      ...[dots.row, dots.v, dots.w, dots.x].flatMap((local) => advance(local, 8 * dotStep)),
    ]),
    ...set(dots.now, add(get(dots.sums), get(dots.sums + 1))),
    ...addF64(lane(get(dots.now), 0), lane(get(dots.now), 1)),
  ],
};

/**
 * One sweep of plane rotations over stripSize columns. `row` is the strip's address in the sweep's last row; the
 * rotations are (c, s) pairs, each of a row and the one before it, `count` of them upwards:
 * row' = s before + c row, before' = c before - s row.
 */
export type RotateStrip = (row: number, rowBytes: number, rotations: number, count: number) => void;

const strip = { row: 0, rowBytes: 1, rotations: 2, count: 3, before: 4, c: 5, s: 6, x: 7, held: 8 };
const pairs = [0, 1, 2, 3];

const rotateStrip: Func = {
  name: 'rotateStrip',
  parameters: [i32, i32, i32, i32],
  locals: [i32, v128, v128, v128, ...pairs.map(() => v128 as typeof v128)],
  body: [
    ...pairs.flatMap((pair) => set(strip.held + pair, loadPair(get(strip.row), 16 * pair))),
    ...repeat(strip.count, [
      ...set(strip.before, subI32(get(strip.row), get(strip.rowBytes))),
      ...set(strip.c, loadSplat(get(strip.rotations))),
      ...set(strip.s, loadSplat(get(strip.rotations), 8)),
      ...pairs.flatMap((pair) => {
        const held = strip.held + pair;
        return [
          ...set(strip.x, loadPair(get(strip.before), 16 * pair)),
          ...storePair(get(strip.row), add(mul(get(strip.s), get(strip.x)), mul(get(strip.c), get(held))), 16 * pair),
          ...set(held, sub(mul(get(strip.c), get(strip.x)), mul(get(strip.s), get(held)))),
        ];
      }),
      ...set(strip.row, get(strip.before)),
      ...advance(strip.rotations, 16),
    ]),
    ...pairs.flatMap((pair) => storePair(get(strip.row), get(strip.held + pair), 16 * pair)),
  ],
};

/** The inner loops of the symmetric eigenproblem: UpdateAndDot and RotateStrip by name. */
export const eigenModule = (): Uint8Array<ArrayBuffer> => assemble([updateAndDot, rotateStrip]);
