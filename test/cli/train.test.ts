import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportOnnx } from '../../compiler/1-ingest/onnx/export.ts';
import { ingestOnnx } from '../../compiler/1-ingest/onnx/ingest.ts';
import { models } from '../../compiler/2-train/models/index.ts';
import { compile } from '../../compiler/compile.ts';
import { npyBytes, npzBytes } from '../data/files.ts';
import { runCli } from '../harness/run-cli.ts';
import { repository } from '../harness/source-imports.ts';

let folder: string;

/** A rule that a small network learns in an instant: class 1 where the first number is larger. */
const pairs = (count: number) => {
  const image = Float32Array.from({ length: 2 * count }, (_, i) => Math.sin(7 * i + 1) * 2);
  return { image, labels: Int32Array.from({ length: count }, (_, i) => (image[2 * i]! > image[2 * i + 1]! ? 1 : 0)) };
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lcc-train-'));
  mkdirSync(join(folder, 'data'));
  const { image, labels } = pairs(400);
  const arrays = { image: npyBytes('<f4', [400, 2], image), labels: npyBytes('<i4', [400], labels) };
  writeFileSync(join(folder, 'data', 'pairs.npz'), npzBytes(arrays));
  const write = (name: string, rows: number, width: number, classes: readonly number[], value = 0) =>
    writeFileSync(
      join(folder, 'data', name),
      npzBytes({
        image: npyBytes('<f4', [rows, width], new Float32Array(rows * width).fill(value)),
        ...(classes.length > 0 && {
          labels: npyBytes(
            '<i4',
            classes.length > rows ? [rows, classes.length / rows] : [rows],
            Int32Array.from(classes),
          ),
        }),
      }),
    );
  write('wide.npz', 2, 3, [0, 1]);
  write(
    'classes.npz',
    20,
    2,
    Array.from({ length: 20 }, (_, i) => i % 3),
  );
  write('unlabelled.npz', 20, 2, []);
  write('nan.npz', 2, 2, [0, 1], Number.NaN);
  write('one.npz', 1, 2, [0]);
  write('two.npz', 20, 2, new Array<number>(40).fill(1));
  writeFileSync(join(folder, 'start.onnx'), exportOnnx(models.mlp({ inputs: 2, hidden: [8], classes: 2 })(1)));
  // a recipe is an object: what builds one in TypeScript is in the test that says so
  writeFileSync(
    join(folder, 'recipe.ts'),
    `export default {
       model: 'start.onnx',
       data: { train: 'pairs.npz?limit=300', test: 'pairs.npz?offset=300' },
       epochs: 40,
       batch: 10,
     };`,
  );
  const source = (name: string) => JSON.stringify(join(repository, 'compiler', name));
  writeFileSync(
    join(folder, 'typed.ts'),
    `import { defineRecipe } from ${source('2-train/recipe.ts')};
     import { adam, models } from ${source('recipe.ts')};
     export default defineRecipe({
       model: models.mlp({ inputs: 2, hidden: [128, 128], classes: 2 }),
       // one path as it is, one from the folder of the data
       data: { train: ${JSON.stringify(join(folder, 'data', 'pairs.npz?limit=300'))}, test: 'pairs.npz?offset=300' },
       optimiser: adam({ rate: 0.02 }),
       epochs: 4,
       batch: 20,
     });`,
  );
});

afterAll(() => rmSync(folder, { recursive: true }));

const train = (...argv: string[]) => runCli(['train', ...argv, '--backend', 'wasm'], folder);

describe('lcc train', () => {
  test('trains a recipe, says how it goes, and writes a plain model that lcc builds', async () => {
    const { code, stdout, stderr } = await train(
      'recipe.ts',
      '--data',
      'data',
      '-o',
      'model.onnx',
      '--log',
      'log.jsonl',
    );
    expect(code).toBe(0);
    expect(stderr).toContain('backend  wasm: as asked for');
    expect(stderr).toContain('network  42 parameters; 270 samples, 30 validate, 100 test');
    expect(stderr).toMatch(/epoch 40 of 40 {2}loss 0\.\d{4}, top-1 \d+\.\d\d %, \d+ samples\/s, \d+\.\d s\n/);
    expect(stdout).toMatch(
      /model\.onnx\ntop-1 (9\d\.\d\d|100\.00) % on the validation data, (9\d\.\d\d|100\.00) % on the test data\nparameters 42 as trained, 42 as written\n/,
    );
    const lines = readFileSync(join(folder, 'log.jsonl'), 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).epoch)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    const { graph } = ingestOnnx({ bytes: readFileSync(join(folder, 'model.onnx')) });
    expect(graph.nodes.map(({ op }) => op)).toEqual(['linear', 'relu', 'linear']);
    const model = await (await compile(join(folder, 'model.onnx'), { target: 'mobile-wasm' })).load();
    const { logits } = await model.run({ image: Float32Array.of(1.5, -1) });
    expect(logits![1]!).toBeGreaterThan(Number(logits![0]!));
    expect(existsSync(join(folder, 'model.onnx.checkpoint'))).toBe(false);
  });

  test('--control trains the same size from scratch, and reports both', async () => {
    const limits = ['--max-size', '10KB', '--collapse', 'off'];
    const argv = ['build', 'typed.ts', '--data', 'data', '--target', 'mobile-wasm', ...limits, '--control'];
    const { code, stdout, stderr } = await runCli(argv, folder);
    expect(stderr).not.toContain('LCC');
    expect(code).toBe(0);
    expect(stderr).toContain('network  17154 parameters; 270 samples, 30 validate, 100 test');
    const control =
      /control: (\d+)\/16 of the hidden widths, (\d+) parameters from scratch, (\d\.\d KB|9\d\d\d B) as int8\n {9}top-1 \d+\.\d\d %, \d+\.\d\d % on the test data\nbundle: {2}top-1 \d+\.\d\d %, \d+\.\d\d % on the test data\n/;
    expect(stdout).toMatch(control);
    const [, sixteenths, parameters] = control.exec(stdout)!;
    const width = 8 * Number(sixteenths);
    expect(Number(parameters)).toBe(3 * width + width * (width + 1) + 2 * (width + 1));
    expect(width).toBeLessThan(128);
  });

  test('--control without a recipe is refused before any work', async () => {
    const { code, stderr } = await runCli(['build', 'start.onnx', '--control'], folder);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^LCC8014: There is no network of the same size to compare with: how this model was trained is not known\./,
    );
  });

  test('the same seed gives the same file', async () => {
    for (const name of ['a.onnx', 'b.onnx'])
      expect((await train('recipe.ts', '--data', 'data', '--epochs', '2', '-o', name)).code).toBe(0);
    expect((await train('recipe.ts', '--data', 'data', '--epochs', '2', '--seed', '9', '-o', 'c.onnx')).code).toBe(0);
    const [a, b, c] = ['a', 'b', 'c'].map((name) => readFileSync(join(folder, `${name}.onnx`)));
    expect(b!.equals(a!)).toBe(true);
    expect(c!.equals(a!)).toBe(false);
  });

  test('trains a model file further, with a method by name', async () => {
    const { code, stdout } = await train(
      ...[
        'start.onnx',
        '--data',
        'data/pairs.npz',
        '--method',
        'layer-collapse',
        '--epochs',
        '250',
        '-o',
        'further.onnx',
      ],
      '--json',
    );
    expect(code).toBe(0);
    const { parameters, metric, history, metadata } = JSON.parse(stdout);
    expect(metric.validation).toBeGreaterThan(0.9);
    expect(history).toHaveLength(250);
    // the two layers are one
    expect(parameters).toEqual({ trained: 43, finished: 6 });
    expect(metadata['lcc.methods']).toBe('layer-collapse');
  });

  test('lcc build takes a recipe, trains it once, and measures on its data', async () => {
    const first = await runCli(
      ['build', 'recipe.ts', '--data', 'data', '--target', 'mobile-wasm', '--quantize', 'int8'],
      folder,
    );
    expect(first.stderr).not.toContain('LCC');
    expect(first.code).toBe(0);
    expect(first.stderr).toContain('epoch 40 of 40');
    expect(first.stderr).toMatch(/trained {3}top-1 (9\d\.\d\d|100\.00) %, (9\d\.\d\d|100\.00) % on the test data/);
    const { load } = await import(join(folder, 'dist', 'recipe', 'index.js'));
    const model = await load();
    const { logits } = await model.run({ image: Float32Array.of(-1, 2) });
    expect(logits[0]).toBeGreaterThan(logits[1]);
    const config = join(folder, 'lcc.config.ts');
    const settings = { model: 'recipe.ts', data: 'data', target: 'mobile-wasm', maxDrop: 0.3 };
    writeFileSync(config, `export default ${JSON.stringify(settings)};`);
    const again = await runCli(['build'], folder);
    rmSync(config);
    expect(again.stderr).not.toContain('LCC');
    expect(again.code).toBe(0);
    expect(again.stderr).toContain('goes on after epoch 40');
    expect(again.stderr).toMatch(/top-1 \d+\.\d\d % to \d+\.\d\d % on \d+ samples/);
  });

  test('a checkpoint goes on where it ended', async () => {
    const checkpoint = ['--checkpoint', 'kept'];
    expect((await train('recipe.ts', '--data', 'data', '-o', 'whole.onnx', ...checkpoint)).code).toBe(0);
    const again = await train('recipe.ts', '--data', 'data', '-o', 'again.onnx', ...checkpoint);
    expect(again.stderr).toContain('goes on after epoch 40');
    expect(readFileSync(join(folder, 'again.onnx')).equals(readFileSync(join(folder, 'whole.onnx')))).toBe(true);
    const other = await train('recipe.ts', '--data', 'data', '--seed', '5', '-o', 'other.onnx', ...checkpoint);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain(
      'LCC8005: The checkpoint cannot be gone on from: it is of another recipe, model or data.',
    );
    writeFileSync(join(folder, 'kept'), 'something else');
    const broken = await train('recipe.ts', '--data', 'data', '-o', 'other.onnx', ...checkpoint);
    expect(broken.stderr).toContain('LCC8005: The checkpoint cannot be gone on from: it is no checkpoint of lcc.');
  });

  test.each([
    ['throws.ts', 'interface A { n: number }\n\nexport default { model: undefined!.n };', 3],
    [
      'late.ts',
      "const model = (seed: number) => {\n  throw new TypeError(String(seed));\n};\nexport default { model, data: { train: 'pairs.npz' } };",
      2,
    ],
    ['syntax.ts', 'export default {\n  model: const\n};', 2],
  ])('what the code of %s throws is told with its place', async (name, code, line) => {
    writeFileSync(join(folder, name), code);
    const { code: exit, stderr } = await train(name, '--data', 'data');
    expect(exit).toBe(2);
    expect(stderr).toMatch(/^LCC8009: The recipe cannot be used: (TypeError|ParseError): .*[^.]\.\n/);
    expect(stderr).toContain(`Next: Mend what its code does at ${join(folder, name)}:${line}.`);
  });

  test.each([
    [['nothing.ts', '--data', 'data'], /^LCC8009: The recipe cannot be used: /],
    [['recipe.ts', '--data', 'nowhere'], /LCC7001: /],
    [['start.onnx', '--data', 'data/wide.npz'], /^LCC7007: /],
    [['start.onnx', '--data', 'data/classes.npz'], /^LCC7013: /],
    [['start.onnx', '--data', 'data/unlabelled.npz'], /^LCC7015: /],
    [['start.onnx', '--data', 'data/nan.npz'], /^LCC7009: /],
    [['start.onnx', '--data', 'data/one.npz'], /^LCC8011: /],
    [['start.onnx', '--data', 'data/two.npz'], /^LCC8010: /],
    [['start.onnx'], /^LCC8009: The recipe cannot be used: a model needs --data, a labelled data set to train on\./],
    [['missing.onnx', '--data', 'data/pairs.npz'], /^LCC1001: /],
    [['recipe.ts', '--data', 'data', '--method', 'magic'], /^LCC0003: .*magic/],
    [['recipe.ts', '--data', 'data', '--epochs', '0'], /^LCC8009: The recipe cannot be used: epochs is 0/],
    [['recipe.ts', '--data', 'data', '--epochs', 'many'], /^LCC0002: .*--epochs/],
    [['recipe.ts', '--data', 'data', '--epochs', '1', '-o', 'no/such/folder/model.onnx'], /^LCC8006: |^LCC8012: /],
  ])('%j is refused with exit code 2 and nothing is written', async (argv, message) => {
    const { code, stderr } = await train(...argv);
    expect(stderr.split('\n').find((line) => line.startsWith('LCC'))).toMatch(message);
    expect(code).toBe(2);
  });
});
