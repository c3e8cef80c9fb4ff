import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * The folder of the sample that the first argument names, `digits` without one. Where no sample of that name has `file`, it
 * says which have, and ends the process with exit code 2.
 */
export function sampleFolder(file: string, has = ''): string {
  const [name = 'digits'] = process.argv.slice(2);
  const names = readdirSync('samples').filter((one) => existsSync(join('samples', one, file)));
  if (names.includes(name)) return resolve('samples', name);
  console.error(`There is no sample "${name}"${has}. Choose from ${names.join(', ')}.`);
  process.exit(2);
}
