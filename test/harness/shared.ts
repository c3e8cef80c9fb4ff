import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder of shared models, data and ONNX tests, if this machine has one; tests that need it are skipped without. */
export function sharedFolder(): string | undefined {
  const folder = process.env.LCC_SHARED ?? fileURLToPath(new URL('../../../shared', import.meta.url));
  return existsSync(folder) ? folder : undefined;
}
