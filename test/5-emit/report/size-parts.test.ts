import { beforeAll, expect, it } from 'vitest';
import { findDownload } from '../../../compiler/5-emit/report/size-parts.ts';
import type { Manifest } from '../../../compiler/ir/report.ts';
import { emitTiny } from '../../harness/bundle-folder.ts';
import { tinyModel } from '../../harness/tiny-model.ts';

let manifest: Manifest;
const sizes = (raw: number, brotli: number) => ({ raw, gzip: brotli, brotli });
beforeAll(async () => {
  manifest = JSON.parse(new TextDecoder().decode((await emitTiny(tinyModel())).get('lcc.json')));
});

const kernel = (backend: 'wasm' | 'webgpu', codeBytes: number) => ({
  backend,
  name: 'k',
  work: '',
  form: '',
  calls: 1,
  macShare: 0,
  codeBytes,
  bytes: 0,
});

it('shares out shaders and modules inside one file, and leaves the rest to JavaScript', () => {
  const { parts, total, weights } = findDownload({
    ...manifest,
    files: { 'index.js': { sha256: '', sizes: sizes(10_000, 4000) } },
    inside: {
      'model.wgsl': sizes(600, 200),
      'model.wasm': sizes(500, 300),
      'model.relaxed.wasm': sizes(700, 400),
      'model.lcw': sizes(2000, 1000),
    },
    constants: [{ name: 'a.weight', form: 'float32', bytes: 1600 }],
    kernels: [kernel('wasm', 250), kernel('webgpu', 450)],
    calls: [{ kernel: 0, value: 'y', constants: [0] }],
  });
  expect([total, weights]).toEqual([4000, 1000]);
  expect(parts.map(({ layer, kind, raw, brotli }) => [layer, kind, raw, brotli])).toEqual([
    ['a', 'weights', 1600, 800],
    ['shared by all layers', 'weights', 400, 200],
    ['a', 'wasm', 250, 350],
    ['shared by all layers', 'wasm', 250, 350],
    ['a', 'shaders', 450, 150],
    ['shared by all layers', 'shaders', 150, 50],
    ['shared by all layers', 'JavaScript', 6200, 2100],
  ]);
});

it('counts the classic script where it is larger, and of the modules one', () => {
  const { total, parts } = findDownload({
    ...manifest,
    files: Object.fromEntries(
      [
        ['index.js', 900],
        ['model.classic.js', 950],
        ['model.wasm', 500],
        ['model.relaxed.wasm', 600],
        ['model.lcw', 3000],
        ['index.d.ts', 100],
      ].map(([path, bytes]) => [path, { sha256: '', sizes: sizes(2 * Number(bytes), Number(bytes)) }]),
    ),
  });
  expect(total).toBe(950 + 600 + 3000);
  expect(parts.reduce((sum, { brotli }) => sum + brotli, 0)).toBeCloseTo(total, 9);
});
