import { join } from 'node:path';
import { dataNotReadable, labelCountWrong } from '../diagnostics/data.ts';
import { linesOf, readLabelFile } from './label-file.ts';
import type { CompleteOptions } from './options.ts';
import { decodeText, readBytes, readFolder, resolveBeside } from './read-source.ts';
import type { RawLabels } from './samples.ts';

/** Files of a folder in a fixed order, with the labels that their folders give. */
export interface ClassFolders {
  readonly files: readonly string[];
  readonly labels?: RawLabels | undefined;
}

/**
 * `<class>/<file>`: the first file of every class, then the second of every class, so that any part holds all classes;
 * or files without folders, unlabelled. Names are in alphabetical order. labels= names a file with a `file,label` line
 * for each file, or with the labels alone in that order.
 * @throws LccError LCC7002 where files stand beside folders, LCC7001 and LCC7012 for the label file
 */
export function listClassFolders(
  folder: string,
  isWanted: (name: string) => boolean,
  options: CompleteOptions,
): ClassFolders {
  const wantedIn = ({ files }: ReturnType<typeof readFolder>, path: string) =>
    files.filter(isWanted).map((name) => join(path, name));
  const top = readFolder(folder);
  const flat = wantedIn(top, folder);
  const classes = top.folders
    .map((name) => ({ name, files: wantedIn(readFolder(join(folder, name)), join(folder, name)) }))
    .filter(({ files }) => files.length > 0);
  if (flat.length > 0 && classes.length > 0) {
    throw dataNotReadable(folder, 'it has files both in class folders and beside them');
  }
  const longest = Math.max(0, ...classes.map(({ files }) => files.length));
  const turns = Array.from({ length: longest }, (_, i) =>
    classes.flatMap(({ name, files }) => {
      const file = files[i];
      return file === undefined ? [] : [{ name, file }];
    }),
  ).flat();
  const files = flat.length > 0 ? flat : turns.map(({ file }) => file);
  if (options.labels !== undefined) return { files, labels: labelsByName(folder, options.labels, files) };
  if (flat.length > 0) return { files };
  return { files, labels: { values: turns.map(({ name }) => name), width: 1, storedAs: 'unknown' } };
}

function labelsByName(folder: string, given: string, files: readonly string[]): RawLabels {
  const file = resolveBeside(folder, given);
  const pairs = linesOf(decodeText(readBytes(file), 'utf-8', file)).map((line) => /^(.*?)[,\t](.*)$/.exec(line));
  if (!pairs.every((pair) => pair !== null)) return readLabelFile(folder, given, files.length);
  const byName = new Map(pairs.map(([, name = '', label = '']) => [name.trim(), label.trim()]));
  const labels = files.flatMap((path) => {
    const label =
      byName.get(path.slice(folder.length).replace(/^[\\/]/, '')) ?? byName.get(path.replace(/^.*[\\/]/, ''));
    return label === undefined ? [] : [label];
  });
  if (labels.length !== files.length) throw labelCountWrong(file, labels.length, files.length);
  return { file, values: labels, width: 1, storedAs: 'unknown' };
}
