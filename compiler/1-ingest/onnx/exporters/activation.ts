import { broadcastsTo } from '../../../ops/broadcast.ts';
import { limitsOf } from '../../../ops/limits.ts';
import { isFloat } from '../../../tensor/dtype.ts';
import { type ExportedNode, type Exporter, summable, within } from '../exported-node.ts';
import { call, cast, identity } from '../term.ts';

/** Unsigned integers stay as they are. */
export const exportRelu: Exporter = (node) => {
  const isUnsigned = limitsOf(node.dtype).low === 0;
  return isUnsigned ? identity(node.input(0)) : call('Relu', node.terms);
};

/** PRelu lets only the slope be broadcast. */
export const exportPrelu: Exporter = within(summable, (node) => {
  const [x, slope] = [node.input(0), node.input(1)];
  if (broadcastsTo(node.sizes(1), node.sizes(0))) return call('PRelu', [x, slope]);
  const isNegative = call('Less', [x, node.scalar(0)]);
  return call('Where', [isNegative, call('Mul', [slope, x]), x]);
});

export const exportSilu: Exporter = (node) => {
  const x = node.input(0);
  return call('Mul', [x, call('Sigmoid', [x])]);
};

/** x sigmoid(alpha x); Swish is an operator from opset 24 on. */
export const exportSwish: Exporter = (node) => {
  const x = node.input(0);
  const alpha = node.scalar(node.attributes.number('alpha', 1));
  return call('Mul', [x, call('Sigmoid', [call('Mul', [x, alpha])])]);
};

/** Bounds that the type cannot exceed are left out. */
export const exportClip: Exporter = (node) => {
  const { low, high } = limitsOf(node.dtype);
  const [from, to] = boundsOf(node);
  const lowest = from > low ? node.scalar(from) : undefined;
  const highest = to < high ? node.scalar(to) : undefined;
  return lowest || highest ? call('Clip', [node.input(0), lowest, highest]) : identity(node.input(0));
};

/** Of integers, those integers that lie within. */
function boundsOf(node: ExportedNode): readonly [number, number] {
  const [min, max] = [node.attributes.number('min', -Infinity), node.attributes.number('max', Infinity)];
  if (isFloat(node.dtype)) return [min, max];
  const { low, high } = limitsOf(node.dtype);
  return [Math.min(Math.ceil(min), high), Math.max(Math.floor(max), low)];
}

export const exportCast: Exporter = (node) => cast(node.input(0), node.output.dtype);
