import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  dataEmpty,
  dataFormatUnknown,
  dataInputMissing,
  dataNotFound,
  labelCountWrong,
  preprocessDoesNotFit,
} from '../diagnostics/data.ts';
import { type DataModule, readBatches } from './batches.ts';
import { type DataPort, type DataSet, type Feeds, selectLabels } from './data-set.ts';
import { fitPort } from './fit-port.ts';
import type { Candidate } from './formats/format.ts';
import { formats } from './formats/index.ts';
import { hashFeeds } from './hash-feeds.ts';
import { readLabels } from './labels.ts';
import { type CompleteOptions, completeOptions, type DataOptions, mergeOptions } from './options.ts';
import { parseSource } from './parse-source.ts';
import { partOf } from './range.ts';
import { readBytes, readFolder } from './read-source.ts';
import type { Samples } from './samples.ts';

/**
 * Data for a model's inputs. Every sample is checked before this returns: number, type and range of its values, labels.
 * @param source a path with options after `?` (see `parseSource`), which win over `options`; or batches
 * @throws LccError LCC70xx
 */
export async function openData(
  source: string | DataModule,
  ports: readonly DataPort[],
  options: DataOptions = {},
): Promise<DataSet> {
  if (typeof source !== 'string') {
    const complete = completeOptions(options);
    return makeDataSet('batches', await readBatches(source, 'batches', ports, complete), ports, complete);
  }
  const { path, options: written } = parseSource(source);
  const complete = completeOptions(mergeOptions(options, written));
  return makeDataSet(source, await readPath(path, ports, complete), ports, complete);
}

async function readPath(path: string, ports: readonly DataPort[], options: CompleteOptions): Promise<Samples> {
  if (!existsSync(path)) throw dataNotFound(path);
  const candidate = candidateOf(path);
  const format = formats.find((one) => one.matches(candidate));
  if (format === undefined)
    throw dataFormatUnknown(
      path,
      formats.map(({ name }) => name),
    );
  return format.read({ file: path, isFolder: candidate.isFolder, bytes: candidate.bytes, ports, options });
}

function candidateOf(path: string): Candidate {
  if (!statSync(path).isDirectory()) {
    return { names: [basename(path).toLowerCase().replace(/\.gz$/, '')], isFolder: false, bytes: readBytes(path) };
  }
  const { files, folders } = readFolder(path);
  const names = [...files, ...folders.flatMap((name) => readFolder(join(path, name)).files)];
  return { names: names.map((name) => name.toLowerCase()), isFolder: true, bytes: new Uint8Array() };
}

function makeDataSet(name: string, samples: Samples, ports: readonly DataPort[], options: CompleteOptions): DataSet {
  const { file } = samples;
  const part = partOf(samples.size, options);
  if (part.length === 0) throw dataEmpty(file);
  const feedsOf = (i: number): Feeds => {
    const index = part[i];
    if (index === undefined) throw new RangeError(`sample ${i} of ${part.length}`);
    const sample = samples.sampleOf(index);
    return Object.fromEntries(ports.map((port) => [port.name, feedOf(sample, port, index)]));
  };
  const feedOf = (sample: ReturnType<Samples['sampleOf']>, port: DataPort, index: number) => {
    const values = sample[port.name];
    if (values === undefined) throw dataInputMissing(file, port.name, Object.keys(sample));
    return fitPort(values, port, { file, sample: index, input: port.name }, options);
  };
  requireChannels(samples.sampleOf(part[0] ?? 0), file, options);
  for (let i = 0; i < (samples.isAlwaysValid ? 1 : part.length); i++) feedsOf(i);
  const all = samples.labels && readLabels(samples.labels, samples.labels.file ?? file, options);
  const count = all && all.values.length / all.width;
  if (count !== undefined && count !== samples.size) throw labelCountWrong(file, count, samples.size);
  return {
    name,
    size: part.length,
    labels: all && selectLabels(all, part),
    feedsOf,
    hashOf: (i) => hashFeeds(feedsOf(i)),
  };
}

function requireChannels(sample: ReturnType<Samples['sampleOf']>, file: string, { preprocess }: CompleteOptions): void {
  for (const { channels } of Object.values(sample)) {
    for (const option of ['mean', 'std'] as const) {
      const given = preprocess[option].length;
      if (given !== 1 && given !== channels.count) throw preprocessDoesNotFit(file, option, given, channels.count);
    }
  }
}
