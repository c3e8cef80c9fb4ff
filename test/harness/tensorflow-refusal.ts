import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect } from 'vitest';
import type { IngestOptions } from '../../compiler/1-ingest/source.ts';
import { ingestTensorflow } from '../../compiler/1-ingest/tensorflow/ingest.ts';
import { LccError } from '../../compiler/diagnostics/index.ts';

export const bytesOf = (file: string): Uint8Array => new Uint8Array(readFileSync(file));

/** The text of the error, the folder of the model left out; it must be an LccError of exit code 2. */
export function refusal(file: string, options: IngestOptions = {}): string {
  try {
    ingestTensorflow({ bytes: bytesOf(file), file }, options);
  } catch (error) {
    if (!(error instanceof LccError)) throw error;
    expect(error.exitCode).toBe(2);
    return error.message.replaceAll(file, basename(file));
  }
  throw new Error('nothing was refused');
}

export const lines = (...text: string[]): string => text.join('\n');
/** How messages end. */
export const saveAgain = '  Next: Save or convert the model again, together with its weights.';
export const writeAgain = '  Next: Name the model.json that tfjs or its converter wrote, or write it again.';
export const loadIt = '  Next: Load the model in TensorFlow.js to see whether it can, and save or convert it again.';
export const together =
  '  Next: Keep all files of the model in one folder as they were written, and pass lcc the path of model.json.';
