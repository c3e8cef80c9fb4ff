import {
  addI32,
  type Code,
  constant,
  type Func,
  get,
  i32,
  loadPair,
  repeat,
  set,
  storePair,
  v128,
} from '../../../linalg/wasm/assemble.ts';
import { advance, floats, fourTimes, loadFourTimes } from './simd-code.ts';

/** Rows and columns of y that stay in registers. */
export const tileRows = 4;
export const tileColumns = 8;

const rows = [0, 1, 2, 3] as const;
const halves = [0, 1] as const;

const packLocals = { from: 0, to: 1, stride: 2, rows: 3 };

/** `rows` lines of `tileColumns` elements, `stride` bytes apart, as one run. */
export const packColumns: Func = {
  name: 'packColumns',
  parameters: [i32, i32, i32, i32],
  locals: [],
  body: repeat(packLocals.rows, [
    ...halves.flatMap((half) => storePair(get(packLocals.to), loadPair(get(packLocals.from), 16 * half), 16 * half)),
    ...advance(packLocals.from, get(packLocals.stride)),
    ...advance(packLocals.to, constant(4 * tileColumns)),
  ]),
};

const locals = {
  a: 0,
  b: 1,
  y: 2,
  strideA: 3,
  strideY: 4,
  panels: 5,
  depth: 6,
  k: 7,
  lineY: 8,
  rowsOfA: 9,
  b0: 13,
  sums: 15,
};
const sumOf = (row: number, half: number): number => locals.sums + 2 * row + half;

/** Runs `each` with the address of each of the tile's lines of y. */
const overLines = (each: (row: number) => Code): Code => [
  ...set(locals.lineY, get(locals.y)),
  ...rows.flatMap((row) => [...each(row), ...advance(locals.lineY, get(locals.strideY))]),
];

type Start = (row: number, half: number) => Code;

/** From `start`, plus a [4, depth] x b, of which `packColumns` made `panels` of [depth, 8]; strides in bytes. */
const makeTiles = (name: string, start: Start): Func => ({
  name,
  parameters: [i32, i32, i32, i32, i32, i32, i32],
  locals: [...Array(6).fill(i32), ...Array(10).fill(v128)],
  body: repeat(locals.panels, [
    ...overLines((row) => halves.flatMap((half) => set(sumOf(row, half), start(row, half)))),
    ...set(locals.rowsOfA, get(locals.a)),
    ...rows
      .slice(1)
      .flatMap((row) => set(locals.rowsOfA + row, addI32(get(locals.rowsOfA + row - 1), get(locals.strideA)))),
    ...set(locals.k, get(locals.depth)),
    ...repeat(locals.k, [
      ...halves.flatMap((half) => set(locals.b0 + half, loadPair(get(locals.b), 16 * half))),
      ...rows.flatMap((row) => halves.flatMap((half) => addTerm(row, half))),
      ...rows.flatMap((row) => advance(locals.rowsOfA + row, constant(4))),
      ...advance(locals.b, constant(4 * tileColumns)),
    ]),
    ...overLines((row) => halves.flatMap((half) => storePair(get(locals.lineY), get(sumOf(row, half)), 16 * half))),
    ...advance(locals.y, constant(4 * tileColumns)),
  ]),
});

const addTerm = (row: number, half: number): Code => {
  const term = floats.mul(loadFourTimes(get(locals.rowsOfA + row)), get(locals.b0 + half));
  return set(sumOf(row, half), floats.add(get(sumOf(row, half)), term));
};

/** y = a x b. */
export const setTiles = makeTiles('setTiles', () => fourTimes(0));
/** y += a x b. */
export const addTiles = makeTiles('addTiles', (_, half) => loadPair(get(locals.lineY), 16 * half));
