import { sampleRateWrong } from '../../diagnostics/data.ts';
import { type ClassFolders, listClassFolders } from '../class-folders.ts';
import { portSize } from '../fit-port.ts';
import { readLabelFile } from '../label-file.ts';
import { partOf } from '../range.ts';
import { readBytes } from '../read-source.ts';
import { parseWave } from '../wave.ts';
import { type Format, onlyPort, type ReadRequest } from './format.ts';

const isWaveName = (name: string): boolean => /\.wav$/i.test(name);

/** Sounds: one file, or class folders. Cut at the end, or filled with silence, to the input's length. */
export const wav: Format = {
  name: 'sounds: a .wav file, or a folder of <class>/<file>.wav',
  matches: ({ names, isFolder, bytes }) =>
    names.some(isWaveName) || (!isFolder && new TextDecoder('latin1').decode(bytes.subarray(0, 4)) === 'RIFF'),
  read: (request) => {
    const { file: folder, isFolder, options } = request;
    const port = onlyPort(request, 'sounds');
    const { files, labels } = isFolder ? listClassFolders(folder, isWaveName, options) : oneFile(request);
    const length = portSize(port);
    const cut = new Map<number, Float32Array>();
    let wants = options.rate;
    for (const i of partOf(files.length, options)) {
      const file = files[i] ?? '';
      const { rate, values } = parseWave(readBytes(file), file);
      wants ??= rate;
      if (rate !== wants)
        throw sampleRateWrong(file, rate, wants, options.rate === undefined ? 'first file' : 'option');
      const whole = new Float32Array(length);
      whole.set(values.subarray(0, length));
      cut.set(i, whole);
    }
    return {
      file: folder,
      size: files.length,
      labels,
      isAlwaysValid: false,
      sampleOf: (i) => ({ [port.name]: { values: cut.get(i) ?? [], channels: { count: 1, inner: 1 } } }),
    };
  },
};

const oneFile = ({ file, options }: ReadRequest): ClassFolders => ({
  files: [file],
  labels: options.labels === undefined ? undefined : readLabelFile(file, options.labels, 1),
});
