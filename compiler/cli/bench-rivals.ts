import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ingest, isJson } from '../1-ingest/ingest.ts';
import { exportOnnx } from '../1-ingest/onnx/export.ts';
import type { ModelSource } from '../1-ingest/source.ts';
import { Malformed } from '../1-ingest/tensorflow/json.ts';
import { readModel } from '../1-ingest/tensorflow/read-model.ts';
import { type Engine, type RivalName, rivalNames } from '../6-budget/bench/engines/engine.ts';
import { onnxRuntimeEngine } from '../6-budget/bench/engines/onnxruntime-web.ts';
import { type TensorflowFiles, tfjsEngine } from '../6-budget/bench/engines/tfjs.ts';
import { benchNeedsModel, benchNeedsOnnx, engineReadsNoOnnx, unknownChoice } from '../diagnostics/cli.ts';
import { LccError, tensorflow } from '../diagnostics/index.ts';
import { modelNotFound } from '../diagnostics/ingest.ts';
import type { Manifest, SourceReport } from '../ir/report.ts';

/** The model that a bundle was built from, as its files. */
interface FoundModel extends ModelSource {
  readonly file: string;
  /** undefined: it is ONNX */
  readonly tensorflow?: TensorflowFiles;
}

export interface RivalQuest {
  /** engines with commas between */
  readonly against: string;
  /** path of the model; undefined: it is looked for in `places`, and must be the one that the bundle was built from */
  readonly model: string | undefined;
  readonly places: readonly string[];
  readonly manifest: Manifest;
}

/** The engines to measure a bundle beside, each with its model. @throws LccError LCC0003, LCC0006, LCC0008, LCC0010 */
export async function findRivals({
  against,
  model: named,
  places,
  manifest,
}: RivalQuest): Promise<Engine<RivalName>[]> {
  const names = [...new Set(against.split(',').map((name) => parseRival(name.trim())))];
  const { source } = manifest;
  const file = named ?? source.file;
  if (names.includes('tfjs') && file?.endsWith('.onnx')) throw engineReadsNoOnnx('tfjs', file);
  const model = named === undefined ? await searchModel(source, places) : await readNamed(named);
  if (model === undefined) throw benchNeedsModel(names, filesOf(source));
  return names.map((name) => makers[name](model, manifest));
}

function parseRival(name: string): RivalName {
  const known = rivalNames.find((rival) => rival === name);
  if (known === undefined) throw unknownChoice('engine', name, rivalNames);
  return known;
}

const makers: Readonly<Record<RivalName, (model: FoundModel, manifest: Manifest) => Engine<RivalName>>> = {
  'onnxruntime-web': (model, manifest) =>
    onnxRuntimeEngine(model.tensorflow ? writeAsOnnx(model, manifest) : model.bytes),
  tfjs: ({ file, tensorflow: files }) => {
    if (files === undefined) throw engineReadsNoOnnx('tfjs', file);
    return tfjsEngine(files);
  },
};

/** What lcc reads of the model, as ONNX. @throws LccError LCC0010 where ONNX has no words for it */
function writeAsOnnx(model: FoundModel, { inputs }: Manifest): Uint8Array {
  const { graph } = ingest(model, { shapes: Object.fromEntries(inputs.map(({ name, shape }) => [name, shape])) });
  try {
    return exportOnnx(graph);
  } catch (error) {
    if (error instanceof LccError) throw benchNeedsOnnx('onnxruntime-web', model.file);
    throw error;
  }
}

/** @throws LccError LCC1001 without the file; LCC11xx */
async function readNamed(file: string): Promise<FoundModel> {
  const bytes = await readFile(file).catch(() => {
    throw modelNotFound(file);
  });
  return openModel(bytes, file);
}

/** @throws LccError LCC1101 to LCC1103 for a TensorFlow.js model that is not whole */
function openModel(bytes: Uint8Array, file: string): FoundModel {
  if (!isJson({ bytes, file })) return { bytes, file };
  try {
    const { format, shards } = readModel({ bytes, file });
    const parts = shards.map((part) => [part.file, part.bytes] as const);
    return { bytes, file, tensorflow: { model: bytes, format, shards: new Map(parts) } };
  } catch (error) {
    if (error instanceof Malformed) throw tensorflow.malformedModel({ file }, error.message);
    throw error;
  }
}

/** The first of the places where all files of the model lie as they were. */
async function searchModel(source: SourceReport, places: readonly string[]): Promise<FoundModel | undefined> {
  if (source.file === undefined) return undefined;
  for (const folder of places) {
    const bytes = await readUnchanged(folder, { ...source, file: source.file });
    const parts = await Promise.all((source.weights ?? []).map((part) => readUnchanged(folder, part)));
    if (bytes !== undefined && !parts.includes(undefined)) return openModel(bytes, join(folder, source.file));
  }
  return undefined;
}

const filesOf = ({ file, weights = [] }: SourceReport): readonly string[] =>
  file === undefined ? [] : [file, ...weights.map((part) => part.file)];

async function readUnchanged(
  folder: string,
  { file, sha256 }: { readonly file: string; readonly sha256: string },
): Promise<Uint8Array | undefined> {
  const bytes = await readFile(join(folder, file)).catch(() => undefined);
  return bytes && createHash('sha256').update(bytes).digest('hex') === sha256 ? bytes : undefined;
}
