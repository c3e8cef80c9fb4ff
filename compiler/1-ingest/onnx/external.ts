import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { ingest } from '../../diagnostics/index.ts';
import { locateBeside } from '../locate-beside.ts';
import type { TensorProto } from './proto/generated/onnx_pb.ts';

/**
 * The bytes of a tensor kept in a file beside the model (ONNX ExternalData: location, offset, length).
 * The file must lie in the model's folder, symbolic links followed. @throws LccError LCC1009
 */
export function readExternalData(tensor: TensorProto, file: string | undefined): Uint8Array {
  const fail = (reason: string) => ingest.badExternalData({ file }, tensor.name, reason);
  const entry = (key: string) => tensor.externalData.find((e) => e.key === key)?.value;
  const location = entry('location');
  if (location === undefined || location === '') throw fail('it names no file');
  if (file === undefined) throw fail('the model was given as bytes, so there is no folder to look in');
  const path = locateBeside(dirname(file), location);
  if (path === 'outside') throw fail(`"${location}" is outside the folder of the model`);
  if (path === undefined) throw fail(`there is no file "${location}"`);
  const offset = parseCount(entry('offset')) ?? 0;
  if (offset === 'invalid') throw fail(`its offset "${entry('offset')}" is no number`);
  const given = parseCount(entry('length'));
  if (given === 'invalid') throw fail(`its length "${entry('length')}" is no number`);
  const handle = openSync(path, 'r');
  try {
    const { size } = fstatSync(handle);
    const length = given ?? size - offset;
    if (length < 0 || offset + length > size) {
      throw fail(`bytes ${offset} to ${offset + length} of "${location}" are wanted, it has ${size}`);
    }
    const bytes = new Uint8Array(length);
    let read = 0;
    while (read < length) {
      const count = readSync(handle, bytes, read, length - read, offset + read);
      if (count === 0) throw fail(`"${location}" ends early`);
      read += count;
    }
    return bytes;
  } finally {
    closeSync(handle);
  }
}

function parseCount(text: string | undefined): number | 'invalid' | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(value) ? value : 'invalid';
}
