import { dataInputMissing, dataNotReadable } from '../../diagnostics/data.ts';
import type { DataPort } from '../data-set.ts';
import { arrayLabels, readLabelFile } from '../label-file.ts';
import { isNpy, parseNpy } from '../npy-array.ts';
import type { CompleteOptions } from '../options.ts';
import { channelsOf } from '../port-channels.ts';
import { reasonOf } from '../read-source.ts';
import type { RawLabels, Sample, Samples, StoredArray } from '../samples.ts';
import { type Format, hasEnding, onlyPort, type ReadRequest } from './format.ts';

/** One array: the model's only input, first axis the samples. */
export const npy: Format = {
  name: 'a NumPy array (.npy): the only input, first axis the samples',
  matches: (candidate) => hasEnding(candidate, '.npy') || isNpy(candidate.bytes),
  read: (request) => {
    const port = onlyPort(request, 'an .npy file');
    const array = parseNpy(request.bytes, port.name, request.file);
    const { file, options } = request;
    const labels = options.labels && readLabelFile(file, options.labels, array.shape[0] ?? 0);
    return arraySamples(request, new Map([[port.name, array]]), labels || undefined);
  },
};

/** Arrays named as the model's inputs, first axis the samples, and `labels` where there are any. */
export const npz: Format = {
  name: 'NumPy arrays (.npz) named as the inputs, first axis the samples, and "labels"',
  matches: (candidate) => hasEnding(candidate, '.npz') || (candidate.bytes[0] === 0x50 && candidate.bytes[1] === 0x4b),
  read: async (request) => {
    const { file, bytes, ports, options } = request;
    const files = await unzip(bytes, file);
    const found = Object.keys(files).map((name) => name.replace(/\.npy$/, ''));
    const arrayOf = (name: string): StoredArray | undefined => {
      const array = files[`${name}.npy`];
      return array && parseNpy(array, name, file);
    };
    const arrays = new Map<string, StoredArray>();
    for (const { name } of ports) {
      const array = arrayOf(name);
      if (array === undefined) throw dataInputMissing(file, name, found);
      arrays.set(name, array);
    }
    const size = arrays.get(ports[0]?.name ?? '')?.shape[0] ?? 0;
    const labels = arrayOf(options.labels ?? 'labels');
    if (labels !== undefined) return arraySamples(request, arrays, arrayLabels(labels, file, size));
    return arraySamples(
      request,
      arrays,
      options.labels === undefined ? undefined : readLabelFile(file, options.labels, size),
    );
  },
};

async function unzip(bytes: Uint8Array, file: string): Promise<Record<string, Uint8Array>> {
  const { unzipSync } = await import('fflate');
  try {
    return unzipSync(bytes);
  } catch (error) {
    throw dataNotReadable(file, reasonOf(error));
  }
}

function arraySamples(
  { file, ports, options }: ReadRequest,
  arrays: ReadonlyMap<string, StoredArray>,
  labels?: RawLabels,
): Samples {
  const sizes = [...arrays.values()].map(({ shape }) => shape[0] ?? 0);
  const size = sizes[0] ?? 0;
  if (sizes.some((other) => other !== size)) {
    const counts = [...arrays].map(([name, { shape }]) => `"${name}" ${shape[0] ?? 0}`).join(', ');
    throw dataNotReadable(file, `its arrays have different numbers of samples: ${counts}`);
  }
  return {
    file,
    size,
    labels,
    isAlwaysValid: false,
    sampleOf: (i) =>
      Object.fromEntries(ports.map((port) => [port.name, sampleOf(arrays.get(port.name), port, i, options)])),
  };
}

function sampleOf(array: StoredArray | undefined, port: DataPort, i: number, { preprocess }: CompleteOptions): Sample {
  const { values = new Float32Array(), shape = [] } = array ?? {};
  const count = shape.slice(1).reduce((product, size) => product * size, 1);
  return { values: values.subarray(i * count, (i + 1) * count), channels: channelsOf(port, preprocess) };
}
