import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type LccError, tensorflow } from '../../diagnostics/index.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { locateBeside } from '../locate-beside.ts';
import type { ModelFile, ModelSource } from '../source.ts';
import { Fields, type Json, Malformed } from './json.ts';
import { decodeGroup, WrongSize } from './weights.ts';

/** A model.json with its weights. */
export interface TensorflowModel {
  readonly format: 'layers' | 'graph';
  readonly topology: Fields;
  /** of a graph model that has one */
  readonly signature: Fields | undefined;
  readonly weights: ReadonlyMap<string, Tensor>;
  /** the files of weights, in the manifest's order */
  readonly shards: readonly ModelFile[];
}

/** @throws LccError LCC1101 to LCC1103; Malformed where fields are not as they must be */
export function readModel({ bytes, file }: ModelSource): TensorflowModel {
  const root = new Fields(parseJson(bytes, file), '');
  const topology = root.fields('modelTopology');
  const format = formatOf(root, topology);
  const groups = root.has('weightsManifest') ? root.entries('weightsManifest') : [];
  const weights = new Map<string, Tensor>();
  const shards: ModelFile[] = [];
  for (const group of groups) {
    const parts = group.strings('paths').map((path) => ({ file: path, bytes: readShard(path, file) }));
    shards.push(...parts);
    for (const [name, tensor] of readGroup(group, parts, file)) {
      if (weights.has(name)) throw new Malformed(`two weights are named "${name}"`);
      weights.set(name, tensor);
    }
  }
  return { format, topology, signature: signatureOf(root), weights, shards };
}

/** The files of weights, as the manifest names them. @throws LccError LCC1101; Malformed */
export function shardPaths({ bytes, file }: ModelSource): string[] {
  const root = new Fields(parseJson(bytes, file), '');
  const groups = root.has('weightsManifest') ? root.entries('weightsManifest') : [];
  return groups.flatMap((group) => group.strings('paths'));
}

function parseJson(bytes: Uint8Array, file: string | undefined): Json {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw tensorflow.malformedModel({ file }, `it is no JSON (${error instanceof Error ? error.message : error})`);
  }
}

/** Early converters wrote no format: a graph has nodes. */
function formatOf(root: Fields, topology: Fields): 'layers' | 'graph' {
  const format = root.string('format', topology.has('node') ? 'graph-model' : 'layers-model');
  if (format === 'layers-model') return 'layers';
  if (format === 'graph-model') return 'graph';
  throw new Malformed(`its format is "${format}", not layers-model or graph-model`);
}

function signatureOf(root: Fields): Fields | undefined {
  if (root.has('signature')) return root.fields('signature');
  if (!root.has('userDefinedMetadata')) return undefined;
  const metadata = root.fields('userDefinedMetadata');
  return metadata.has('signature') ? metadata.fields('signature') : undefined;
}

function readShard(path: string, file: string | undefined): Uint8Array {
  const fail = (reason: string): LccError => tensorflow.badShard(file, path, reason);
  if (file === undefined) throw fail('the model was given as bytes, so there is no folder to look in');
  const found = locateBeside(dirname(file), path);
  if (found === 'outside') throw fail('it is outside the folder of the model');
  if (found === undefined) throw fail('there is no such file');
  try {
    return new Uint8Array(readFileSync(found));
  } catch (error) {
    throw fail(error instanceof Error ? error.message : String(error));
  }
}

function readGroup(group: Fields, parts: readonly ModelFile[], file: string | undefined): Map<string, Tensor> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.bytes.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part.bytes, offset);
    offset += part.bytes.length;
  }
  try {
    return decodeGroup(group.entries('weights'), bytes);
  } catch (error) {
    if (!(error instanceof WrongSize)) throw error;
    const reason = parts.length > 1 ? `with ${parts.length - 1} more ${error.message}` : error.message;
    throw tensorflow.badShard(file, parts[0]?.file ?? '', reason);
  }
}
