import { OpError } from '../../../ops/op.ts';
import type { Importer } from '../node.ts';

/** axes is an attribute at first and an input from opset 18 (ReduceSum: 13) on. */
const reduceBy =
  (kind: string): Importer =>
  (node) => {
    const x = node.input(0);
    const given = node.intsOf('axes', 1) ?? [];
    const rank = node.rank(x);
    const isNoop = given.length === 0 && node.flag('noop_with_empty_axes');
    const all = node.sizes(x).map((_, axis) => axis);
    const axes = given.length === 0 ? (isNoop ? [] : all) : node.axesOf(given, rank).sort((a, b) => a - b);
    const keepDims = node.flag('keepdims', true);
    // bool: min is "all", max is "any"; compared as numbers.
    if (node.type(x).dtype !== 'bool') return node.emit('reduce', [x], { kind, axes, keepDims });
    const numbers = node.emit('cast', [x], { to: 'uint8' });
    return node.emit('cast', [node.emit('reduce', [numbers], { kind, axes, keepDims })], { to: 'bool' });
  };

export const reductions: Readonly<Record<string, Importer>> = {
  ReduceL1: reduceBy('l1'),
  ReduceL2: reduceBy('l2'),
  ReduceLogSum: reduceBy('logSum'),
  ReduceLogSumExp: reduceBy('logSumExp'),
  ReduceMax: reduceBy('max'),
  ReduceMean: reduceBy('mean'),
  ReduceMin: reduceBy('min'),
  ReduceProd: reduceBy('prod'),
  ReduceSum: reduceBy('sum'),
  ReduceSumSquare: reduceBy('sumSquare'),
};

const argReduceBy =
  (kind: 'max' | 'min'): Importer =>
  (node) => {
    const x = node.input(0);
    return node.emit('argReduce', [x], {
      kind,
      axis: node.axisOf(node.int('axis', 0), node.rank(x)),
      keepDims: node.flag('keepdims', true),
      selectLast: node.flag('select_last_index'),
    });
  };

export const importArgMax = argReduceBy('max');
export const importArgMin = argReduceBy('min');

export const importCumSum: Importer = (node) => {
  const x = node.input(0);
  const axis = node.knownNumber(1, 'axis');
  if (axis === undefined) throw new OpError('CumSum needs its axis');
  return node.emit('cumSum', [x], {
    axis: node.axisOf(axis, node.rank(x)),
    exclusive: node.flag('exclusive'),
    reverse: node.flag('reverse'),
  });
};
