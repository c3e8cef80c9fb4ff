import { listClassFolders } from '../class-folders.ts';
import { decodePicture, isPictureName } from '../picture/decode-picture.ts';
import { framePicture } from '../picture/frame.ts';
import { partOf } from '../range.ts';
import { readBytes } from '../read-source.ts';
import type { Sample } from '../samples.ts';
import { type Format, onlyPort } from './format.ts';

/** Pictures in class folders. They are decoded once, and kept at the input's size. */
export const imageFolder: Format = {
  name: 'a folder of pictures, <class>/<file>.png or .jpg',
  matches: ({ isFolder, names }) => isFolder && names.some(isPictureName),
  read: async (request) => {
    const { file: folder, options } = request;
    const port = onlyPort(request, 'a folder of pictures');
    const { files, labels } = listClassFolders(folder, isPictureName, options);
    const framed = new Map<number, Sample>();
    for (const i of partOf(files.length, options)) {
      const file = files[i] ?? '';
      const picture = await decodePicture(readBytes(file), file);
      framed.set(i, framePicture(picture, port, options.preprocess, true, file));
    }
    return {
      file: folder,
      size: files.length,
      labels,
      isAlwaysValid: false,
      sampleOf: (i) => {
        const sample = framed.get(i);
        if (sample === undefined) throw new RangeError(`picture ${i} is outside of the range that was read`);
        return { [port.name]: sample };
      },
    };
  },
};
