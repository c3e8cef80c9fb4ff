import { readdirSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile } from '../../compiler/index.ts';
import type { GoldenCase } from './case.ts';

const home = import.meta.dirname;
const names = readdirSync(home, { withFileTypes: true }).filter((entry) => entry.isDirectory());

/** LCC_UPDATE=1 writes the expected folders anew. */
const isUpdating = process.env.LCC_UPDATE === '1';

async function build(name: string): Promise<Map<string, Uint8Array>> {
  const { golden }: { golden: GoldenCase } = await import(join(home, name, 'case.ts'));
  const files = new Map(await (await compile(golden.model, golden.options)).files());
  files.delete('lcc.measured.json');
  // It is printed from lcc.json alone, compressed sizes in it.
  files.delete('report.html');
  return files;
}

/** Compressed sizes depend on the libraries inside Node. */
const comparable = (text: Buffer): string => text.toString().replaceAll(/"(gzip|brotli)": \d+/g, '"$1": 0');

describe.each(names.map((entry) => entry.name))('golden case %s', (name) => {
  const folder = join(home, name, 'expected');

  it('builds the same bundle as ever, twice', async () => {
    const files = await build(name);
    expect(await build(name)).toEqual(files);
    if (isUpdating) {
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder);
      for (const [path, bytes] of files) await writeFile(join(folder, path), bytes);
    }
    expect([...files.keys()].sort()).toEqual((await readdir(folder)).sort());
    for (const [path, bytes] of files) {
      const expected = await readFile(join(folder, path));
      const isText = /\.(js|ts|json)$/.test(path);
      if (isText) expect(comparable(Buffer.from(bytes)), path).toBe(comparable(expected));
      else expect(expected.equals(bytes), `${path} differs: LCC_UPDATE=1 accepts it`).toBe(true);
    }
  });
});
