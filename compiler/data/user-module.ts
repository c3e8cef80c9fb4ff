import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Whether a name is that of a module lcc loads. */
export const isModuleName = (name: string): boolean => /\.[cm]?[jt]s$/.test(name);

/** This package, for modules that lie where it is not installed; more specific names first. */
const self = {
  'lcc/recipe': fileURLToPath(new URL('../recipe', import.meta.url)),
  lcc: fileURLToPath(new URL('../index', import.meta.url)),
};

/** The default export of a module, TypeScript or not, which may import lcc. TypeScript is read anew each time, .mjs once per process. */
export async function importDefault(file: string): Promise<unknown> {
  const { createJiti } = await import('jiti');
  const jiti = createJiti(import.meta.url, { moduleCache: false, fsCache: false, alias: self });
  return jiti.import(resolve(file), { default: true });
}
