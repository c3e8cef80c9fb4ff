import { bug } from '../../../diagnostics/index.ts';
import { parsePool, pooledShape } from '../../../ops/pool.ts';
import { type DType, dtypes, isFloat } from '../../../tensor/dtype.ts';
import { sameShape } from '../../../tensor/shape.ts';
import { type ExportedNode, type Exporter, floats, within } from '../exported-node.ts';
import { call, type OnnxAttributeMap } from '../term.ts';
import { windowAttributes } from './window.ts';

/** ceil_mode where it changes the sizes: runtimes differ in whether a window may start past the input. */
const attributesOf = (node: ExportedNode): OnnxAttributeMap => {
  const floored = pooledShape(node.op, node.type(0), { ...parsePool(node.attributes), ceilMode: false });
  return {
    kernel_shape: node.attributes.numbers('kernel'),
    ...windowAttributes(node),
    ceil_mode: sameShape(floored, node.output.shape) ? 0 : 1,
  };
};

const maximised: readonly DType[] = [...floats, 'int8', 'uint8'];

/** A float that holds all values of a type: of 64-bit integers, those up to 2^53. */
const exactFloat = (dtype: DType): DType => (isFloat(dtype) || dtypes[dtype].bytes < 4 ? 'float32' : 'float64');

export const exportMaxPool: Exporter = within(
  maximised,
  (node) => call('MaxPool', node.terms, attributesOf(node)),
  exactFloat,
);

export const exportMaxPoolIndices: Exporter = within(
  maximised,
  (node) => {
    const attributes = { ...attributesOf(node), storage_order: node.attributes.number('storageOrder', 0) };
    return call('MaxPool', node.terms, attributes, 1);
  },
  exactFloat,
);

export const exportAveragePool: Exporter = within(floats, (node) =>
  call('AveragePool', node.terms, {
    ...attributesOf(node),
    count_include_pad: Number(node.attributes.boolean('countIncludePad', false)),
  }),
);

export const exportLpPool: Exporter = within(floats, (node) => {
  const p = node.attributes.number('p', 2);
  if (!Number.isInteger(p)) throw bug(`LpPool of ONNX takes whole numbers p, not ${p}`);
  return call('LpPool', node.terms, { ...attributesOf(node), p });
});
