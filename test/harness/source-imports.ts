import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../..', import.meta.url));

export interface Import {
  /** importing file, relative to the repository, with slashes */
  readonly from: string;
  /** imported file relative to the repository, or the package's specifier */
  readonly to: string;
  readonly isRelative: boolean;
  /** types are gone once compiled; what is imported late loads when it is reached */
  readonly when: 'types' | 'start' | 'late';
}

const specifiers =
  /(?:^|[\s;])(?:import|export)\s(type\s)?(?:[^'"`;]*?\sfrom\s)?\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g;

/** Every import in the TypeScript and JavaScript files under the given folders; types and dynamic imports too. */
export function readImports(folders: readonly string[]): Import[] {
  return folders.flatMap((folder) =>
    readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|mjs|js)$/.test(name) && !name.includes('node_modules'))
      .flatMap((name) => {
        const from = posix.join(folder, name);
        return importsOf(from, readFileSync(join(repository, from), 'utf8'));
      }),
  );
}

export function importsOf(from: string, source: string): Import[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, ' ').replace(/^\s*\/\/.*$/gm, '');
  return [...code.matchAll(specifiers)].map(([, type, fixed, dynamic]) => {
    const specifier = fixed ?? dynamic ?? '';
    const isRelative = specifier.startsWith('.');
    const to = isRelative ? posix.join(posix.dirname(from), specifier) : specifier;
    return { from, to, isRelative, when: dynamic !== undefined ? 'late' : type !== undefined ? 'types' : 'start' };
  });
}
