import type { ModelSource } from '../source.ts';
import { decodeModel } from './decode.ts';
import {
  type GraphProto,
  type NodeProto,
  type TensorProto,
  TensorProto_DataLocation,
} from './proto/generated/onnx_pb.ts';

/** The files that a model's tensors name (ONNX ExternalData), as they name them. @throws LccError LCC1002, LCC1006 */
export function externalLocations({ bytes, file }: ModelSource): string[] {
  const { proto, graph } = decodeModel(bytes, file);
  const tensors = [...tensorsOf(graph), ...proto.functions.flatMap(({ node }) => node.flatMap(tensorsOfNode))];
  return tensors
    .filter(({ dataLocation }) => dataLocation === TensorProto_DataLocation.EXTERNAL)
    .flatMap(({ externalData }) => externalData.filter(({ key }) => key === 'location').map(({ value }) => value));
}

const tensorsOf = ({ initializer, node }: GraphProto): TensorProto[] => [
  ...initializer,
  ...node.flatMap(tensorsOfNode),
];

const tensorsOfNode = ({ attribute }: NodeProto): TensorProto[] =>
  attribute.flatMap(({ t, tensors, g, graphs }) => [
    ...(t ? [t] : []),
    ...tensors,
    ...(g ? tensorsOf(g) : []),
    ...graphs.flatMap(tensorsOf),
  ]);
