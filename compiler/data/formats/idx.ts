import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dataNotReadable } from '../../diagnostics/data.ts';
import type { DataPort } from '../data-set.ts';
import { isIdx, parseIdx } from '../idx-array.ts';
import { arrayLabels, readLabelFile } from '../label-file.ts';
import { framePicture } from '../picture/frame.ts';
import { channelsOf } from '../port-channels.ts';
import { readBytes } from '../read-source.ts';
import type { RawLabels, Sample, StoredArray } from '../samples.ts';
import { type Format, onlyPort, type ReadRequest } from './format.ts';

/** The files of MNIST and its relatives: images, and labels in a second file. */
export const idx: Format = {
  name: 'IDX images (as MNIST has, .gz too); labels from the file beside it or labels=',
  matches: ({ bytes }) => isIdx(bytes),
  read: (request) => {
    const { file, bytes } = request;
    const port = onlyPort(request, 'an IDX file');
    const array = parseIdx(bytes, file);
    const size = array.shape[0] ?? 0;
    return {
      file,
      size,
      labels: idxLabels(request, size),
      isAlwaysValid: array.values instanceof Uint8Array,
      sampleOf: (i) => ({ [port.name]: sampleOf(array, i, port, request) }),
    };
  },
};

function sampleOf({ values, shape }: StoredArray, i: number, port: DataPort, { file, options }: ReadRequest): Sample {
  const [, height = 1, width = 1] = shape;
  const count = shape.slice(1).reduce((product, size) => product * size, 1);
  const data = values.subarray(i * count, (i + 1) * count);
  const isPicture = data instanceof Uint8Array && shape.length === 3;
  if (!isPicture) return { values: data, channels: channelsOf(port, options.preprocess) };
  return framePicture({ width, height, channels: 1, data }, port, options.preprocess, false, file);
}

function idxLabels({ file, options }: ReadRequest, size: number): RawLabels | undefined {
  if (options.labels !== undefined) return readLabelFile(file, options.labels, size);
  const beside = labelNames(file).find((name) => existsSync(name));
  if (beside === undefined) return undefined;
  const bytes = readBytes(beside);
  if (!isIdx(bytes)) throw dataNotReadable(beside, 'it is not an IDX file');
  return arrayLabels(parseIdx(bytes, beside), beside, size);
}

/** `train-images-idx3-ubyte.gz` has its labels in `train-labels-idx1-ubyte`, packed or not. */
function labelNames(file: string): string[] {
  const name = file.replace(/^.*[\\/]/, '').replace(/\.gz$/, '');
  const labels = name.replace(/images([-.])idx\d/, 'labels$1idx1');
  return labels === name ? [] : [labels, `${labels}.gz`].map((other) => join(dirname(file), other));
}
