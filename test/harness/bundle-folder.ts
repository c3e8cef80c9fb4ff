import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emitBundle } from '../../compiler/5-emit/emit-bundle.ts';
import type { ModelCode } from '../../compiler/5-emit/model-code.ts';
import { writeFolder } from '../../compiler/5-emit/write-folder.ts';
import { GraphBuilder } from '../../compiler/ir/build.ts';
import { countWork } from '../../compiler/ir/count-work.ts';
import type { Report } from '../../compiler/ir/report.ts';

/** The report of a model that came from nowhere. */
export const reportOf = ({ program, target }: ModelCode): Report => ({
  name: program.name,
  source: { bytes: 0, sha256: '' },
  target: target.name,
  backends: ['wasm'],
  inputs: [],
  outputs: [],
  macs: program.macs,
  work: countWork(program),
  memory: { constants: program.constants.size, arena: program.arenaBytes, buffers: program.buffers },
  constants: [],
  kernels: [],
  calls: [],
  passes: [],
  notes: [],
});

/** A model that nothing is told of. */
export const emptyGraph = new GraphBuilder('empty').build();

export const emitTiny = (code: ModelCode, singleFile = false): Promise<Map<string, Uint8Array>> =>
  emitBundle(code, reportOf(code), { singleFile, version: '0.0.0', original: emptyGraph });

/** Hands a folder with these files to `use` and removes it after. */
export async function withFolder<T>(
  files: ReadonlyMap<string, Uint8Array | string>,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const parent = await mkdtemp(join(tmpdir(), 'lcc-'));
  const folder = join(parent, 'bundle');
  try {
    const encoder = new TextEncoder();
    const bytes = [...files].map(
      ([path, file]) => [path, typeof file === 'string' ? encoder.encode(file) : file] as const,
    );
    await writeFolder(folder, new Map(bytes));
    return await use(folder);
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
}
