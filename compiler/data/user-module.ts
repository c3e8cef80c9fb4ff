import { resolve } from 'node:path';

/** Whether a name is that of a module lcc loads. */
export const isModuleName = (name: string): boolean => /\.[cm]?[jt]s$/.test(name);

/** The default export of a module, TypeScript or not. TypeScript is read anew each time, .mjs once per process. */
export async function importDefault(file: string): Promise<unknown> {
  const { createJiti } = await import('jiti');
  return createJiti(import.meta.url, { moduleCache: false, fsCache: false }).import(resolve(file), { default: true });
}
