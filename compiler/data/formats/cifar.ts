import { dataNotReadable } from '../../diagnostics/data.ts';
import { readLabelFile } from '../label-file.ts';
import { framePicture } from '../picture/frame.ts';
import type { Picture } from '../picture/picture.ts';
import { type Format, hasEnding, onlyPort } from './format.ts';

const side = 32;
const area = side * side;

/** CIFAR binary (cs.toronto.edu/~kriz/cifar.html): label, then 32x32 red, green, blue; CIFAR-100 has a coarse label before. */
export const cifar: Format = {
  name: 'CIFAR-10 or CIFAR-100 pictures (.bin, .gz too)',
  matches: (candidate) => hasEnding(candidate, '.bin'),
  read: (request) => {
    const { file, bytes, options } = request;
    const port = onlyPort(request, 'a CIFAR file');
    const labelBytes = [1, 2].find((count) => bytes.length % (count + 3 * area) === 0);
    if (labelBytes === undefined) {
      throw dataNotReadable(file, `${bytes.length} bytes are no whole number of CIFAR pictures (3073 bytes each)`);
    }
    const stride = labelBytes + 3 * area;
    const size = bytes.length / stride;
    const own = Array.from({ length: size }, (_, i) => bytes[i * stride + labelBytes - 1] ?? 0);
    return {
      file,
      size,
      labels:
        options.labels === undefined
          ? { values: own, width: 1, storedAs: 'integers' }
          : readLabelFile(file, options.labels, size),
      isAlwaysValid: true,
      sampleOf: (i) => {
        const planes = bytes.subarray(i * stride + labelBytes, (i + 1) * stride);
        return { [port.name]: framePicture(pictureOf(planes), port, options.preprocess, false, file) };
      },
    };
  },
};

const pictureOf = (planes: Uint8Array): Picture => ({
  width: side,
  height: side,
  channels: 3,
  data: Uint8Array.from({ length: 3 * area }, (_, e) => planes[(e % 3) * area + Math.floor(e / 3)] ?? 0),
});
