import { binary, cast, constant, type Expr, type FetchExpr, indexValue, reduce } from './expr.ts';
import { type Axis, addIndex, divIndex, type Index, modIndex, scaleIndex } from './index-expr.ts';
import { accLocal, type ContractionKernel, type NestKernel, panelWidth } from './nest.ts';
import { centred, codesPerWord, quantized, signedCode } from './quantization.ts';
import { scheduleStore } from './schedule.ts';
import { rewrite } from './traverse.ts';
import { codeRows } from './whole-groups.ts';

/** The same kernel as plain loops: what a contraction means. */
export function nestOfContraction(kernel: ContractionKernel): NestKernel {
  const raw = fetch(1, kernel.a.offset);
  const a = operandA(kernel, raw);
  const { b, bias } = operandsOfB(kernel);
  const sum = reduce('sum', kernel.k, binary('mul', a, b));
  const acc = bias ? binary('add', bias, sum) : sum;
  const value = rewrite(
    kernel.epilogue,
    (axis) => axis,
    (leaf) => (leaf.kind === 'local' && leaf.name === accLocal ? acc : leaf),
  );
  return {
    kind: 'nest',
    name: kernel.name,
    slots: kernel.slots,
    body: scheduleStore([...kernel.batch, ...kernel.m, kernel.n], value, 0, kernel.store.offset),
  };
}

function operandA({ b }: ContractionKernel, raw: Expr): Expr {
  if (b.kind === 'packed8') return quantized(raw, b.quantizationOfA);
  return b.kind === 'live8' ? centred(raw, b.quantizationOfA) : raw;
}

function operandsOfB({ b, n, k, batch }: ContractionKernel): { readonly b: Expr; readonly bias?: Expr } {
  if (b.kind === 'live') return { b: fetch(2, b.offset) };
  if (b.kind === 'live8') return { b: signedCode(fetch(2, b.offset), b.inverseScaleOfB) };
  if (b.kind === 'packed8') {
    const row = addIndex(scaleIndex(flatten(k.slice(0, -1)), codeRows(k.slice(-1))), k.at(-1) ?? 0);
    return { b: codeAt(addIndex(scaleIndex(flatten(batch), b.batchStride)), n, row, codeRows(k)) };
  }
  const rows = k.reduce((count, axis) => count * axis.extent.size, 1);
  const panel = addIndex(
    scaleIndex(flatten(batch), b.batchStride),
    scaleIndex(divIndex(n, panelWidth), panelWidth * (1 + rows)),
    modIndex(n, panelWidth),
  );
  const row = addIndex(panel, panelWidth, scaleIndex(flatten(k), panelWidth));
  return { b: rows === 0 ? constant('float32', 0) : fetch(2, row), bias: fetch(2, panel) };
}

/** A code of packed8 weights: byte k % 4 of its word, as float32. */
function codeAt(start: Index, n: Axis, k: Index, rows: number): Expr {
  const word = addIndex(
    start,
    scaleIndex(divIndex(n, panelWidth), (panelWidth * rows) / codesPerWord),
    scaleIndex(divIndex(k, codesPerWord), panelWidth),
    modIndex(n, panelWidth),
  );
  const above = binary('sub', constant('int32', 24), indexValue(scaleIndex(modIndex(k, codesPerWord), 8)));
  const atTop = binary('shl', { ...fetch(2, word), dtype: 'int32' }, above);
  return cast('float32', binary('shr', atTop, constant('int32', 24)));
}

/** Row-major position over `axes`. */
const flatten = (axes: readonly Axis[]): Index =>
  axes.reduce((index, axis) => addIndex(scaleIndex(index, axis.extent.size), axis), addIndex(0));

const fetch = (slot: number, offset: Index): FetchExpr => ({
  kind: 'fetch',
  dtype: 'float32',
  slot,
  offset,
  guards: [],
  fill: 0,
});
