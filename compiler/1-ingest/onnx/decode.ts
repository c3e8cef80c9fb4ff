import { fromBinary } from '@bufbuild/protobuf';
import { ingest } from '../../diagnostics/index.ts';
import { type GraphProto, type ModelProto, ModelProtoSchema } from './proto/generated/onnx_pb.ts';

/** Oldest opset whose operators lcc reads. */
const oldestOpset = 7;
/** Newest opset lcc was written against. */
const newestOpset = 28;

export interface DecodedModel {
  readonly proto: ModelProto;
  readonly graph: GraphProto;
  /** Operator set version by domain; ONNX's own is ''. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly notes: readonly string[];
}

/** Reads the container. @throws LccError LCC1002 when the bytes are not a whole model, LCC1006 for an opset below 7. */
export function decodeModel(bytes: Uint8Array, file: string | undefined): DecodedModel {
  if (bytes.length === 0) throw ingest.truncatedModel({ file }, 'it is empty');
  const proto = parse(bytes, file);
  const { graph } = proto;
  if (graph === undefined) throw ingest.truncatedModel({ file }, 'it holds no graph');
  if (graph.output.length === 0) throw ingest.truncatedModel({ file }, 'its graph has no outputs');
  const opsets = readOpsets(proto.opsetImport);
  const opset = opsets.get('');
  if (opset === undefined && proto.opsetImport.length === 0) {
    throw ingest.truncatedModel({ file }, 'it does not say which operator set it uses');
  }
  if (opset !== undefined && opset < oldestOpset) throw ingest.unsupportedOpset(file, opset, oldestOpset);
  const isNewer = opset !== undefined && opset > newestOpset;
  const notes = isNewer ? [`opset ${opset} is newer than ${newestOpset}; operators are read as of ${newestOpset}`] : [];
  return { proto, graph, opsets, notes };
}

function parse(bytes: Uint8Array, file: string | undefined): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw ingest.truncatedModel({ file }, cause instanceof Error ? cause.message : String(cause));
  }
}

/** ONNX's own operators go by two names, '' and 'ai.onnx'. */
export const canonicalDomain = (domain: string): string => (domain === 'ai.onnx' ? '' : domain);

export const readOpsets = (imports: ModelProto['opsetImport']): ReadonlyMap<string, number> =>
  new Map(imports.map(({ domain, version }) => [canonicalDomain(domain), Number(version)]));
