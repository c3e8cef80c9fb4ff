import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Import, importsOf, readImports, repository } from './harness/source-imports.ts';

/** From the ground up: a layer imports itself and those above it in this list. */
const layers = [
  'runtime',
  'compiler/diagnostics',
  'compiler/quantity',
  'compiler/tensor',
  'compiler/kernel',
  'compiler/ops',
  'compiler/ir',
  'compiler/linalg',
  'compiler/data',
  'compiler/rewrite',
  'targets',
  'compiler/1-ingest',
  'compiler/2-train',
  'compiler/3-compress',
  'compiler/4-lower',
  'compiler/5-emit',
  'compiler/6-budget',
  'compiler/describe',
  'compiler/settings',
  'compiler/trial',
  'compiler',
  'compiler/plugin',
  'compiler/cli',
];

const isPhase = (layer: string) => /^compiler\/\d-/.test(layer);

function layerOf(file: string): string | undefined {
  const folders = layers.filter((layer) => layer !== 'compiler' && file.startsWith(`${layer}/`));
  return folders[0] ?? (/^compiler\/[^/]+$/.test(file) ? 'compiler' : undefined);
}

function fault({ from, to, isRelative }: Import): string | undefined {
  const source = layerOf(from);
  const text = `${from} imports ${to}`;
  if (from.startsWith('samples/')) return isRelative && !to.startsWith('samples/') ? text : undefined;
  if (source === undefined) return `${from} is in no layer`;
  if (!isRelative) return source === 'runtime' ? text : undefined;
  const target = layerOf(to);
  if (target === undefined) return text;
  if (isPhase(source) && isPhase(target)) return source === target ? undefined : text;
  return layers.indexOf(target) <= layers.indexOf(source) ? undefined : text;
}

const imports = readImports(['compiler', 'targets', 'runtime', 'samples']);

describe('layering', () => {
  test('every import points to its own layer or one above it in the list', () => {
    expect(imports.length).toBeGreaterThan(20);
    expect(imports.map(fault).filter((text) => text !== undefined)).toEqual([]);
  });

  test('only declared packages are imported', () => {
    const {
      dependencies,
      optionalDependencies,
      peerDependencies = {},
    } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
    const declared = new Set(Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }));
    const strangers = imports.filter(({ from, to, isRelative }) => {
      // A page imports by URL path.
      if (isRelative || to.startsWith('node:') || to.startsWith('/') || from.startsWith('samples/')) return false;
      return !declared.has(/^(@[^/]+\/)?[^/]+/.exec(to)?.[0] ?? to);
    });
    expect(strangers).toEqual([]);
  });
});

describe('the test itself', () => {
  const check = (from: string, specifier: string) => importsOf(from, `import x from '${specifier}';`).map(fault)[0];

  test.each([
    ['compiler/tensor/shape.ts', '../ir/graph.ts'],
    ['compiler/4-lower/lower.ts', '../5-emit/emit.ts'],
    ['compiler/rewrite/cut.ts', '../../targets/index.ts'],
    ['runtime/load.ts', '../compiler/tensor/dtype.ts'],
    ['runtime/load.ts', 'flatbuffers'],
    ['targets/wasm/emit.ts', '../../compiler/4-lower/lower.ts'],
    ['compiler/compile.ts', './cli/run.ts'],
    ['compiler/plugin/vite.ts', '../cli/build.ts'],
    ['samples/digits/lcc.config.ts', '../../compiler/index.ts'],
    ['compiler/odd/thing.ts', './other.ts'],
  ])('%s may not import %s', (from, specifier) => {
    expect(check(from, specifier)).toContain(from);
  });

  test.each([
    ['compiler/ir/graph.ts', '../tensor/dtype.ts'],
    ['compiler/4-lower/lower.ts', './layout.ts'],
    ['compiler/4-lower/lower.ts', '../../targets/target.ts'],
    ['compiler/compile.ts', './1-ingest/onnx/ingest.ts'],
    ['compiler/cli/run.ts', '../compile.ts'],
    ['compiler/plugin/vite.ts', '../compile.ts'],
    ['samples/digits/lcc.config.ts', 'lcc'],
  ])('%s may import %s', (from, specifier) => {
    expect(check(from, specifier)).toBeUndefined();
  });

  test('all forms of import are read', () => {
    const source = `import a from './a.ts';\nimport { b,\n  c } from "./b.ts";\nexport * from './c.ts';\nimport './d.ts';
      export type { E } from './e.ts';\nconst f = await import('./f.ts');\n// import './no.ts';\n/* import './no.ts' */`;
    expect(importsOf('runtime/x.ts', source).map(({ to }) => to)).toEqual(
      ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `runtime/${name}.ts`),
    );
  });
});
