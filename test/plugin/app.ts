import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { onnxModel, tensorOf } from '../harness/onnx-model.ts';

/** An app in a folder of its own, with a place for caches; removed after the tests of the file. */
export interface App {
  readonly folder: string;
  write(path: string, content: Uint8Array | string): void;
  /** the path of a file of the app */
  at(path: string): string;
}

const roots: string[] = [];

/** Where the tests of a file find what an earlier one compiled, unless caches are what they test. */
export const sharedCache = realpathSync(mkdtempSync(join(tmpdir(), 'lcc-app-cache-')));
roots.push(sharedCache);
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

export function makeApp(files: Readonly<Record<string, Uint8Array | string>>): App {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lcc-app-')));
  roots.push(folder);
  const at = (path: string) => join(folder, path);
  const write = (path: string, content: Uint8Array | string): void => {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), content);
  };
  mkdirSync(at('node_modules'));
  for (const [path, content] of Object.entries(files)) write(path, content);
  return { folder, at, write };
}

/** y = x W, x [1, 2], W [2, 3] = 1 2 3 | 10 20 30, times `factor`. @param input its name */
export const scalingModel = (factor = 1, input = 'x'): Uint8Array =>
  onnxModel({
    inputs: [{ name: input, dtype: 'float32', shape: ['batch', 2] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: ['batch', 3] }],
    initializers: {
      w: tensorOf(
        'float32',
        [2, 3],
        [1, 2, 3, 10, 20, 30].map((value) => factor * value),
      ),
    },
    nodes: [{ op: 'MatMul', inputs: [input, 'w'], outputs: ['y'], name: 'fc' }],
  });

/** What it answers to x = 1, 2. */
export const scaled = (factor = 1): number[] => [21, 42, 63].map((value) => factor * value);

/** Source of a module that exports `answer`, what the model at `specifier` makes of x = 1, 2. */
export const answering = (specifier: string): string =>
  `import { load } from '${specifier}';
  export async function answer() {
    const model = await load();
    const { y } = await model.run({ x: Float32Array.of(1, 2) });
    model.dispose();
    return [...y];
  }`;
