import { requireOneOf } from '../../../ops/requirements.ts';
import { tensorOf } from '../../../tensor/convert.ts';
import { type DType, isFloat } from '../../../tensor/dtype.ts';
import { type ExportedNode, type Exporter, summable, within } from '../exported-node.ts';
import { type Call, call, integers, literal, reshape, type Term } from '../term.ts';

const operators = {
  sum: 'ReduceSum',
  mean: 'ReduceMean',
  max: 'ReduceMax',
  min: 'ReduceMin',
  prod: 'ReduceProd',
  l1: 'ReduceL1',
  l2: 'ReduceL2',
  logSum: 'ReduceLogSum',
  logSumExp: 'ReduceLogSumExp',
  sumSquare: 'ReduceSumSquare',
} as const;

type Kind = keyof typeof operators;
const kinds = ['sum', 'mean', 'max', 'min', 'prod', 'l1', 'l2', 'logSum', 'logSumExp', 'sumSquare'] as const;

const compared: readonly DType[] = [...summable, 'int8', 'uint8'];

/** Roots and logarithms of integers are computed in float32 and truncated. */
const hasRoots = (kind: Kind): boolean => kind === 'l2' || kind === 'logSum' || kind === 'logSumExp';

export const exportReduce: Exporter = (node) => {
  const kind = requireOneOf('reduce', 'kind', node.attributes.string('kind'), kinds);
  if (hasRoots(kind) && !isFloat(node.dtype)) return within([], reduceBy(kind), () => 'float32')(node);
  if (kind === 'mean' && !isFloat(node.dtype)) return integerMean(node);
  const isComparison = kind === 'max' || kind === 'min';
  return within(isComparison ? compared : summable, reduceBy(kind))(node);
};

const reduceBy =
  (kind: Kind): Exporter =>
  (node) => {
    const axes = node.attributes.numbers('axes');
    const keepdims = Number(node.attributes.boolean('keepDims', true));
    // Runtimes differ in what an empty list of axes means: a dimension of 1 is reduced instead.
    const [x, along, kept] =
      axes.length > 0 ? [node.input(0), axes, keepdims] : [reshape(node.input(0), [1, ...node.sizes(0)]), [0], 0];
    return call(operators[kind], [x, integers(along)], { keepdims: kept });
  };

/** The sum by the number of its elements, truncated. */
function integerMean(node: ExportedNode): Call {
  const count = node.attributes.numbers('axes').reduce((product, axis) => product * (node.sizes(0)[axis] ?? 1), 1);
  return call('Div', [within(summable, reduceBy('sum'))(node), node.scalar(count)]);
}

export const exportArgReduce: Exporter = (node) =>
  call(node.attributes.string('kind') === 'max' ? 'ArgMax' : 'ArgMin', node.terms, {
    axis: node.attributes.number('axis'),
    keepdims: Number(node.attributes.boolean('keepDims', true)),
    select_last_index: Number(node.attributes.boolean('selectLast', false)),
  });

export const exportCumSum: Exporter = within(summable, (node) => {
  const axis: Term = literal(tensorOf('int64', [], [node.attributes.number('axis')]));
  return call('CumSum', [node.input(0), axis], {
    exclusive: Number(node.attributes.boolean('exclusive', false)),
    reverse: Number(node.attributes.boolean('reverse', false)),
  });
});
