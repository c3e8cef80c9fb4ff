import { existsSync, readFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { writeWhole } from '../data/write-whole.ts';
import { checkpointInvalid, checkpointNotWritten } from '../diagnostics/train.ts';
import type { RandomState } from './random.ts';
import type { EpochReport } from './train-network.ts';

/** All that a run needs to go on as if it had never stopped. */
export interface Checkpoint {
  /** epochs that are done */
  readonly history: readonly EpochReport[];
  readonly random: RandomState;
  /** of parameters, then of statistics */
  readonly values: readonly Float32Array[];
  /** of the optimiser */
  readonly memory: readonly Float32Array[];
  readonly best:
    | { readonly value: number; readonly epoch: number; readonly values: readonly Float32Array[] }
    | undefined;
}

interface Kept extends Checkpoint {
  readonly kind: 'lcc checkpoint 1';
  /** of the recipe and what it trains: another run's checkpoint is refused */
  readonly run: string;
}

/** Writes it whole or not at all. @throws LccError LCC8006 */
export function writeCheckpoint(file: string, run: string, checkpoint: Checkpoint): void {
  const kept: Kept = { kind: 'lcc checkpoint 1', run, ...checkpoint };
  try {
    writeWhole(file, serialize(kept));
  } catch (error) {
    throw checkpointNotWritten(file, error instanceof Error ? error.message : String(error));
  }
}

/** undefined where there is no such file. @throws LccError LCC8005 for a file of another run, or no checkpoint */
export function readCheckpoint(file: string, run: string): Checkpoint | undefined {
  if (!existsSync(file)) return undefined;
  const kept = readKept(file);
  if (kept?.kind !== 'lcc checkpoint 1') throw checkpointInvalid(file, 'it is no checkpoint of lcc');
  if (kept.run !== run) throw checkpointInvalid(file, 'it is of another recipe, model or data');
  return kept;
}

function readKept(file: string): (Partial<Kept> & Checkpoint) | undefined {
  try {
    return deserialize(readFileSync(file));
  } catch {
    return undefined;
  }
}
