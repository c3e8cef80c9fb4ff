import type { DType } from '../../../tensor/dtype.ts';
import { dtypeOf, nameOfElementType } from '../element-type.ts';
import { type Importer, type OnnxNode, Unsupported } from '../node.ts';

/** The DType that an attribute of TensorProto.DataType codes names. */
export function dtypeAttribute(node: OnnxNode, name: string, fallback: DType): DType {
  if (!node.has(name)) return fallback;
  const code = node.int(name, 0);
  const dtype = dtypeOf(code);
  if (dtype === undefined) throw new Unsupported(`${name} is ${nameOfElementType(code)}`);
  return dtype;
}

const castTo = (node: OnnxNode, to: DType) => {
  const x = node.input(0);
  return node.type(x).dtype === to ? x : node.emit('cast', [x], { to });
};

export const importCast: Importer = (node) => castTo(node, dtypeAttribute(node, 'to', 'float32'));

export const importCastLike: Importer = (node) => castTo(node, node.type(node.input(1)).dtype);
