import { severalInputs } from '../../diagnostics/data.ts';
import type { DataPort } from '../data-set.ts';
import type { CompleteOptions } from '../options.ts';
import type { Samples } from '../samples.ts';

export interface ReadRequest {
  readonly file: string;
  readonly isFolder: boolean;
  /** whole and unpacked; empty for a folder */
  readonly bytes: Uint8Array;
  readonly ports: readonly DataPort[];
  readonly options: CompleteOptions;
}

export interface Candidate {
  /** in lower case, without `.gz`; for a folder the names of the files in it and one level down */
  readonly names: readonly string[];
  readonly isFolder: boolean;
  readonly bytes: Uint8Array;
}

/** One way that data lies in files. Ranges, labels and the model's types are the same for all: see open.ts. */
export interface Format {
  /** one line for a person, such as `NumPy arrays (.npz)` */
  readonly name: string;
  matches(candidate: Candidate): boolean;
  /** @throws LccError for what the file alone can tell */
  read(request: ReadRequest): Samples | Promise<Samples>;
}

/** The input that a format with one kind of sample feeds. @throws LccError LCC7024 where the model has several */
export function onlyPort({ file, ports, options }: ReadRequest, format: string): DataPort {
  const [port, ...others] = ports.filter(({ name }) => options.input === undefined || name === options.input);
  if (port === undefined || others.length > 0 || ports.length > 1) {
    throw severalInputs(
      file,
      format,
      ports.map(({ name }) => `"${name}"`),
    );
  }
  return port;
}

export const hasEnding = ({ names, isFolder }: Candidate, ...endings: readonly string[]): boolean =>
  !isFolder && names.some((name) => endings.some((ending) => name.endsWith(ending)));
