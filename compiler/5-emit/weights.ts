import { Builder } from 'flatbuffers';
import { hashBytes } from '../../runtime/hash.ts';
import type { ConstantPool, PoolEntry, StoredEntry } from '../ir/program.ts';
import { ElementType, Encoding, Form, Model, Segment, Tensor } from './generated/model_generated.ts';

const alignment = 64;
const hashSize = 8;
const align = (n: number): number => Math.ceil(n / alignment) * alignment;

const elementTypes: Readonly<Record<PoolEntry['dtype'], ElementType>> = {
  float32: ElementType.Float32,
  int32: ElementType.Int32,
  uint32: ElementType.Uint32,
  int8: ElementType.Int8,
};

const encodings: Readonly<Record<PoolEntry['encoding'], Encoding>> = {
  'row-major': Encoding.RowMajor,
  'panels-of-8': Encoding.PanelsOf8,
  'groups-of-4': Encoding.GroupsOf4,
};

const forms: Readonly<Record<StoredEntry['kind'], Form>> = {
  float16: Form.Float16,
  integer: Form.Integer,
  palette: Form.Palette,
  copy: Form.Copy,
};

/** What model.lcw holds of an entry, and how. */
const segmentOf = ({ bytes, stored }: PoolEntry): Uint8Array => stored?.bytes ?? bytes;
export const formOf = ({ stored }: PoolEntry): Form => (stored ? forms[stored.kind] : Form.Raw);

export interface WeightsFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** hash of the table, which the entry module expects */
  readonly hash: readonly [low: number, high: number];
}

/** model.lcw (schema/model.fbs): one segment per entry of the pool, in its order. Equal pools give equal bytes. */
export function emitWeights(name: string, pool: ConstantPool): WeightsFile {
  let end = 0;
  const segments = pool.entries.map((entry): PlacedEntry => {
    const start = align(end);
    const bytes = segmentOf(entry);
    end = start + bytes.length;
    return { entry, bytes, start, hash: hashBytes(bytes) };
  });
  // The size of the table does not depend on where the data begins, so a first one measures it.
  const dataOffset = align(writeTable(name, pool.size, segments, alignment).length + hashSize);
  const bytes = new Uint8Array(dataOffset + end);
  bytes.set(writeTable(name, pool.size, segments, dataOffset));
  const hash = hashBytes(bytes.subarray(0, dataOffset - hashSize));
  bytes.set(new Uint8Array(Uint32Array.from(hash).buffer), dataOffset - hashSize);
  for (const { bytes: segment, start } of segments) bytes.set(segment, dataOffset + start);
  return { bytes, hash };
}

interface PlacedEntry {
  readonly entry: PoolEntry;
  readonly bytes: Uint8Array;
  /** bytes after the data offset */
  readonly start: number;
  readonly hash: readonly [low: number, high: number];
}

function writeTable(
  name: string,
  imageBytes: number,
  segments: readonly PlacedEntry[],
  dataOffset: number,
): Uint8Array {
  const builder = new Builder(1024);
  const tensors = segments.map(({ entry }, i) => {
    const entryName = builder.createString(entry.name);
    return Tensor.createTensor(builder, entryName, elementTypes[entry.dtype], encodings[entry.encoding], i);
  });
  const tensorVector = Model.createTensorsVector(builder, tensors);
  Model.startSegmentsVector(builder, segments.length);
  // FlatBuffers are written back to front.
  for (const { entry, bytes, start, hash } of segments.toReversed()) {
    Segment.createSegment(builder, ...hash, dataOffset + start, bytes.length, entry.offset);
  }
  const segmentVector = builder.endVector();
  const formsOfSegments = segments.map(({ entry }) => formOf(entry));
  const isRaw = formsOfSegments.every((form) => form === Form.Raw);
  const model = Model.createModel(
    builder,
    dataOffset,
    segmentVector,
    imageBytes,
    tensorVector,
    builder.createString(name),
    isRaw ? 0 : Model.createFormsVector(builder, formsOfSegments),
  );
  Model.finishModelBuffer(builder, model);
  return builder.asUint8Array();
}
