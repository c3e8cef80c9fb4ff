import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { findConfig, readBuildModule } from '../../compiler/settings/read-config.ts';

const readConfig = async (file: string) => {
  const read = await readBuildModule(file);
  if (read.kind !== 'config') throw new Error('a recipe');
  return read.config;
};

const folder = mkdtempSync(join(tmpdir(), 'lcc-config-'));
const file = join(folder, 'lcc.config.ts');
afterAll(() => rmSync(folder, { recursive: true }));

const write = (source: string) => writeFileSync(file, source);

test('TypeScript is read, types, imports and all', async () => {
  writeFileSync(join(folder, 'shape.ts'), 'export const shape = [1, 28, 28] as const;');
  write(`import { shape } from './shape.ts';
    interface Config { model: string; shapes: Record<string, readonly number[]>; budget: object }
    const config: Config = { model: 'digits.onnx', shapes: { image: shape }, budget: { code: '12KB' } };
    export default config satisfies Config;`);
  expect(await readConfig(file)).toEqual({
    model: 'digits.onnx',
    shapes: { image: [1, 28, 28] },
    budget: { code: '12KB' },
  });
});

test('a changed file is read anew', async () => {
  write("export default { model: 'a.onnx' };");
  await readConfig(file);
  write("export default { model: 'b.onnx' };");
  expect((await readConfig(file)).model).toBe('b.onnx');
});

test('what its own code throws is told with the place', async () => {
  write('interface Sizes { n: number }\nconst sizes: Sizes[] = [];\nexport default { model: sizes[0].n };');
  await expect(readConfig(file)).rejects.toThrow(
    `LCC0005: The configuration is not valid: TypeError: Cannot read properties of undefined (reading 'n').\n  at ${file}\n  Next: Mend what its code does at ${file}:3.`,
  );
});

test('it is found by its name', () => {
  expect(findConfig(folder)).toBe(file);
  expect(findConfig(tmpdir())).toBeUndefined();
});

describe('what is refused', () => {
  test.each([
    ['export default 5;', 'it has no default export'],
    ['export default {};', 'model is missing'],
    ["export default { model: '' };", 'model is not a path'],
    ["export default { model: 'a', modle: 1 };", 'there is no setting "modle"'],
    ["export default { model: 'a', dims: { n: 'x' } };", 'dims is not sizes by name'],
    ["export default { model: 'a', backends: ['gl'] };", 'backends is not a list of webgpu and wasm'],
    ["export default { model: 'a', constants: { k: [1, 'x'] } };", 'constants is not numbers or tensors by input name'],
    ["throw new Error('mine');", 'mine'],
  ])('%s', async (source, reason) => {
    write(source);
    await expect(readConfig(file)).rejects.toThrow(`LCC0005: The configuration is not valid: ${reason}.\n  at ${file}`);
  });
});
