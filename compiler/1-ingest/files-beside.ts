import { dirname } from 'node:path';
import { LccError } from '../diagnostics/index.ts';
import { isJson } from './ingest.ts';
import { locateBeside } from './locate-beside.ts';
import { externalLocations } from './onnx/external-locations.ts';
import type { ModelSource } from './source.ts';
import { Malformed } from './tensorflow/json.ts';
import { shardPaths } from './tensorflow/read-model.ts';

/** Paths of the files that hold a model's weights beside its own; of a model that cannot be read, none. */
export function filesBeside(source: ModelSource): readonly string[] {
  const { file } = source;
  if (file === undefined) return [];
  try {
    const locations = isJson(source) ? shardPaths(source) : externalLocations(source);
    return [...new Set(locations)].flatMap((location) => {
      const path = locateBeside(dirname(file), location);
      return path === undefined || path === 'outside' ? [] : [path];
    });
  } catch (error) {
    if (error instanceof LccError || error instanceof Malformed) return [];
    throw error;
  }
}
