import * as tf from '@tensorflow/tfjs';
import type { Gradient } from './gradient.ts';
import { makeKernel, runKernel, share, sizeOf, type TensorInfo, type WasmBackend, withShape } from './wasm-kernel.ts';

interface Equation {
  /** the axes of each operand, by letters */
  readonly operands: readonly string[];
  readonly result: string;
}

/** `ij,jk->ik` and the like, of one operand or two, no letter twice in one and no ellipsis. */
function parseEquation(text: string): Equation {
  const [left = '', result] = text.replaceAll(' ', '').split('->');
  const operands = left.split(',');
  const isPlain = [...operands, result ?? ''].every(
    (axes) => /^[a-z]*$/i.test(axes) && new Set(axes).size === axes.length,
  );
  if (result === undefined || operands.length > 2 || !isPlain || [...result].some((axis) => !left.includes(axis)))
    throw new Error(`internal: einsum of one or two operands with distinct axes, not '${text}'`);
  return { operands, result };
}

const common = (axes: string, others: string): string => [...axes].filter((axis) => others.includes(axis)).join('');
const without = (axes: string, others: string): string => [...axes].filter((axis) => !others.includes(axis)).join('');

/** A tensor by the letters of its axes. */
interface Named {
  readonly values: TensorInfo;
  readonly axes: string;
}

const sizeAlong = ({ values, axes }: Named, some: string): number =>
  sizeOf([...some].map((axis) => values.shape[axes.indexOf(axis)] ?? 1));

/** Sums over products as one batched product of matrices. */
export const einsum = makeKernel<'0' | '1', { readonly equation: string }>(
  tf.Einsum,
  ({ inputs, attrs: { equation }, backend }) => {
    const { operands, result } = parseEquation(equation);
    const [axesA = '', axesB] = operands;
    const a = sumAway(backend, { values: inputs[0], axes: axesA }, result + (axesB ?? ''));
    if (axesB === undefined) {
      const y = reorder(backend, a, result);
      backend.disposeData(a.values.dataId);
      return y;
    }
    const b = sumAway(backend, { values: inputs[1], axes: axesB }, result + axesA);
    const product = contract(backend, a, b, result);
    const y = reorder(backend, product, result);
    for (const { values } of [a, b, product]) backend.disposeData(values.dataId);
    return y;
  },
);

/** x summed over the axes that nothing else has. */
function sumAway(backend: WasmBackend, { values, axes }: Named, others: string): Named {
  const kept = common(axes, others);
  if (kept === axes) return { values: share(backend, values, values.shape), axes };
  const axis = [...without(axes, others)].map((one) => axes.indexOf(one));
  return { values: runKernel(backend, tf.Sum, { x: values }, { axis, keepDims: false }), axes: kept };
}

const reorder = (backend: WasmBackend, { values, axes }: Named, order: string): TensorInfo =>
  runKernel(backend, tf.Transpose, { x: values }, { perm: [...order].map((axis) => axes.indexOf(axis)) });

/** Axes of both that `result` has are the batch, others of both are summed over. */
function contract(backend: WasmBackend, a: Named, b: Named, result: string): Named {
  const both = common(a.axes, b.axes);
  const batch = common(both, result);
  const summed = without(both, result);
  const [rows, columns] = [without(a.axes, both), without(b.axes, both)];
  const left = reorder(backend, a, batch + rows + summed);
  const right = reorder(backend, b, batch + summed + columns);
  const [count, m, k, n] = [sizeAlong(a, batch), sizeAlong(a, rows), sizeAlong(a, summed), sizeAlong(b, columns)];
  const product = runKernel(
    backend,
    tf.BatchMatMul,
    { a: withShape(left, [count, m, k]), b: withShape(right, [count, k, n]) },
    { transposeA: false, transposeB: false },
  );
  for (const { dataId } of [left, right]) backend.disposeData(dataId);
  const shape = [batch, rows].flatMap((some) => [...some].map((axis) => sizeAlong(a, axis)));
  return {
    values: withShape(product, [...shape, ...[...columns].map((axis) => sizeAlong(b, axis))]),
    axes: batch + rows + columns,
  };
}

/** Of each operand: dy with the other operand, and what was summed away repeated. */
export const einsumGradient: Gradient = {
  name: tf.Einsum,
  make: () => ({
    kernelName: tf.Einsum,
    saveAllInputs: true,
    gradFunc: (dy, saved, { equation }) => {
      const { operands, result } = parseEquation(String(equation));
      if (Array.isArray(dy)) throw new Error('internal: einsum has one output');
      return Object.fromEntries(
        saved.map((x, index) => [index, () => deriveOperand(dy, x, saved[1 - index], operands, result, index)]),
      );
    },
  }),
};

function deriveOperand(
  dy: tf.Tensor,
  x: tf.Tensor,
  other: tf.Tensor | undefined,
  operands: readonly string[],
  result: string,
  index: number,
): tf.Tensor {
  const axes = operands[index] ?? '';
  const otherAxes = operands[1 - index] ?? '';
  const kept = common(axes, result + otherAxes);
  const gradient = other
    ? tf.einsum(`${result},${otherAxes}->${kept}`, dy, other)
    : tf.einsum(`${result}->${kept}`, dy);
  const shape = [...axes].map((axis, at) => (kept.includes(axis) ? (x.shape[at] ?? 1) : 1));
  return tf.broadcastTo(tf.reshape(gradient, shape), x.shape);
}
