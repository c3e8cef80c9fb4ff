import { dataInputMissing, moduleInvalid, sampleShapeWrong } from '../diagnostics/data.ts';
import type { TypedArray } from '../tensor/dtype.ts';
import type { DataPort } from './data-set.ts';
import { portSize, printPort } from './fit-port.ts';
import { flattenNumbers, isTypedArray } from './nested-numbers.ts';
import type { CompleteOptions } from './options.ts';
import { channelsOf } from './port-channels.ts';
import { reasonOf } from './read-source.ts';
import type { RawLabels, Samples, Values } from './samples.ts';

/** Lists of numbers, as deep as the shape. */
export type Nested = number | readonly Nested[];

/** Some samples: each input [samples, ..]; labels [samples] or [samples, width], numbers or class names. */
export interface DataBatch {
  readonly inputs: Readonly<Record<string, TypedArray | Nested>>;
  readonly labels?: TypedArray | Nested | readonly string[];
}

type Batches = Iterable<DataBatch> | AsyncIterable<DataBatch>;

/** What a data module exports by default. */
export type DataModule = Batches | (() => Batches | Promise<Batches>);

interface Gathered {
  readonly values: Map<string, Values[]>;
  readonly labels: (number | string)[];
  size: number;
}

/** Every batch, up to the last sample that is asked for. @throws LccError LCC7022, LCC7006, LCC7007 */
export async function readBatches(
  module: unknown,
  file: string,
  ports: readonly DataPort[],
  { offset, limit, preprocess }: CompleteOptions,
): Promise<Samples> {
  const gathered: Gathered = { values: new Map(ports.map(({ name }) => [name, []])), labels: [], size: 0 };
  let storedAs: RawLabels['storedAs'] = 'unknown';
  for await (const batch of await batchesOf(module, file)) {
    if (!isBatch(batch)) throw moduleInvalid(file, 'it yields something without inputs');
    addInputs(batch, ports, gathered, file);
    if (isTypedArray(batch.labels)) storedAs = storageOf(batch.labels);
    addLabels(batch.labels, gathered.labels, file);
    if (limit !== undefined && gathered.size >= offset + limit) break;
  }
  return {
    file,
    size: gathered.size,
    labels: labelsOf(gathered, storedAs, file),
    isAlwaysValid: false,
    sampleOf: (i) =>
      Object.fromEntries(
        ports.map((port) => {
          const values = gathered.values.get(port.name)?.[i] ?? [];
          return [port.name, { values, channels: channelsOf(port, preprocess) }];
        }),
      ),
  };
}

async function batchesOf(module: unknown, file: string): Promise<Iterable<unknown> | AsyncIterable<unknown>> {
  try {
    const made: unknown = typeof module === 'function' ? await module() : module;
    if (isIterable(made)) return made;
  } catch (error) {
    throw moduleInvalid(file, reasonOf(error));
  }
  throw moduleInvalid(file, 'its default export is no iterable and no function that returns one');
}

const isIterable = (value: unknown): value is Iterable<unknown> | AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);

const isBatch = (value: unknown): value is DataBatch =>
  typeof value === 'object' &&
  value !== null &&
  'inputs' in value &&
  typeof value.inputs === 'object' &&
  value.inputs !== null;

function addInputs({ inputs }: DataBatch, ports: readonly DataPort[], gathered: Gathered, file: string): void {
  const counts = ports.map((port) => {
    const given = inputs[port.name];
    if (given === undefined) throw dataInputMissing(file, port.name, Object.keys(inputs));
    const values = isTypedArray(given) ? given.slice() : flattenNumbers(given);
    if (values === undefined) throw moduleInvalid(file, `"${port.name}" of a batch is not made of numbers`);
    const each = portSize(port);
    if (values.length % each !== 0) {
      const place = { file, sample: gathered.size, input: port.name };
      throw sampleShapeWrong(place, `${values.length} values in its batch`, printPort(port));
    }
    const samples = gathered.values.get(port.name) ?? [];
    for (let at = 0; at < values.length; at += each) {
      samples.push(isTypedArray(values) ? values.subarray(at, at + each) : values.slice(at, at + each));
    }
    return values.length / each;
  });
  const [count = 0] = counts;
  if (counts.some((other) => other !== count)) {
    throw moduleInvalid(file, `a batch has different numbers of samples: ${counts.join(', ')}`);
  }
  gathered.size += count;
}

function addLabels(labels: unknown, into: (number | string)[], file: string): void {
  if (labels === undefined) return;
  const isNames = Array.isArray(labels) && labels.length > 0 && labels.every((label) => typeof label === 'string');
  const values: readonly (number | string)[] | undefined = isNames ? labels : flattenNumbers(labels);
  if (values === undefined) throw moduleInvalid(file, 'the labels of a batch are neither numbers nor names');
  for (const value of values) into.push(value);
}

const storageOf = (labels: TypedArray): RawLabels['storedAs'] =>
  labels instanceof Float32Array || labels instanceof Float64Array ? 'floats' : 'integers';

function labelsOf({ labels, size }: Gathered, storedAs: RawLabels['storedAs'], file: string): RawLabels | undefined {
  if (labels.length === 0) return undefined;
  const width = labels.length / size;
  if (!Number.isInteger(width)) throw moduleInvalid(file, `it gave ${labels.length} labels for ${size} samples`);
  const numbers = labels.filter((label) => typeof label === 'number');
  const isNumeric = numbers.length === labels.length;
  return { values: isNumeric ? numbers : labels.map(String), width, storedAs };
}
