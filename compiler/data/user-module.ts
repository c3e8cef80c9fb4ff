import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LccError } from '../diagnostics/index.ts';

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

/** Where this package's own code lies, be it compiled or not. */
const compiler = fileURLToPath(new URL('..', import.meta.url));
const frame = /((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/])[^()\n]*?:\d+):\d+\)?$/;

/**
 * What a person's own code threw, as an error of lcc: `describe` gets its first line and, where the stack tells the file and
 * line, what to do there. What lcc refused stays as it is.
 */
export function thrownBy(error: unknown, describe: (reason: string, remedy: string | undefined) => LccError): LccError {
  if (error instanceof LccError) return error;
  if (!(error instanceof Error)) return describe(String(error), undefined);
  const [first = ''] = error.message.split('\n');
  const reason = `${error.name === 'Error' ? '' : `${error.name}: `}${first.trim().replace(/\.$/, '')}`;
  const places = (error.stack ?? '').split('\n').flatMap((line) => frame.exec(line.trim())?.[1] ?? []);
  const place = places.find((one) => !one.includes('node_modules') && !one.includes(compiler));
  return describe(reason, place && `Mend what its code does at ${place.replace(/^file:\/\//, '')}.`);
}
