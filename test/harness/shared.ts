import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of shared models, data and ONNX tests, if this machine has one; tests that need it are skipped without. */
export function sharedFolder(): string | undefined {
  const folder = process.env.LCC_SHARED ?? join(repositoryOf(fileURLToPath(import.meta.url)), '../shared');
  return existsSync(folder) ? folder : undefined;
}

/** This file runs from its source and compiled, at different depths. */
function repositoryOf(path: string): string {
  const folder = dirname(path);
  return existsSync(join(folder, 'package.json')) || folder === path ? folder : repositoryOf(folder);
}
