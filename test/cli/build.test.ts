import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { onnxModel, tensorOf } from '../harness/onnx-model.ts';
import { runCli } from '../harness/run-cli.ts';

const root = mkdtempSync(join(tmpdir(), 'lcc-cli-'));
afterAll(() => rmSync(root, { recursive: true }));

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(root, 'case-'));
  const weights = tensorOf(
    'float32',
    [4, 3],
    Array.from({ length: 12 }, (_, i) => Math.sin(i)),
  );
  const model = onnxModel({
    inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 4] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: ['batch', 3] }],
    initializers: { w: weights },
    nodes: [
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['h'], name: 'fc' },
      { op: 'Relu', inputs: ['h'], outputs: ['y'], name: 'act' },
    ],
  });
  writeFileSync(join(folder, 'tiny.onnx'), model);
});

const lcc = (command: string, isTerminal = false) => runCli(command.split(' '), folder, isTerminal);
const wasmOnly = '--target mobile-wasm';

describe('lcc build', () => {
  test('writes dist/<model> and tells sizes, one line per stage', async () => {
    const { code, stdout, stderr } = await lcc(`build tiny.onnx ${wasmOnly}`);
    expect(stderr.split('\n').map((line) => line.split(/\s+/)[1])).toEqual(
      expect.arrayContaining(['ingest', 'compress', 'lower', 'emit', 'parity']),
    );
    expect(stderr).toContain('batch dimension "batch" of input "x" is 1');
    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toBe(join('dist', 'tiny'));
    expect(stdout).toMatch(/^weights +\d+ B/m);
    expect(readdirSync(join(folder, 'dist/tiny')).sort()).toEqual([
      'index.d.ts',
      'index.js',
      'lcc.json',
      'lcc.measured.json',
      'model.lcw',
      'model.relaxed.wasm',
      'model.wasm',
      'package.json',
      'report.html',
    ]);
  });

  test('a terminal sees the stage at work, and its line replaced', async () => {
    const { stderr } = await lcc(`build tiny.onnx ${wasmOnly}`, true);
    const lines = stderr.split('\r\u001b[2K');
    expect(lines[0]).toContain('ingest ...');
    expect(lines[1]).toMatch(/ingest.*\d ms.*\n.*compress \.\.\./s);
    expect(stderr.endsWith('\n')).toBe(true);
  });

  test('--json prints one object with the report, the stages and the check', async () => {
    const { code, stdout } = await lcc(`build tiny.onnx ${wasmOnly} --dim batch=2 --json`);
    const result = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(result.report.inputs).toEqual([{ name: 'x', dtype: 'float32', shape: [2, 4] }]);
    expect(result.stages.map((entry: { stage: string }) => entry.stage)).toEqual([
      'ingest',
      'compress',
      'lower',
      'emit',
      'parity',
    ]);
    expect(result.check.isWithin).toBe(true);
  });

  test('tells what compression notes about its data, as lcc.json does', async () => {
    const { code, stderr } = await lcc(`build tiny.onnx ${wasmOnly} --quantize int8`);
    const note = 'There is no calibration data: the relative error is that of random inputs.';
    expect([code, stderr.split('\n').filter((line) => line.trim() === note)]).toEqual([0, [expect.any(String)]]);
    expect(JSON.parse(readFileSync(join(folder, 'dist/tiny/lcc.json'), 'utf8')).notes).toContain(note);
  });

  test('over budget is exit code 1, with the bundle written', async () => {
    const { code, stdout } = await lcc(`build tiny.onnx ${wasmOnly} --budget {"code":"100B"} -o out`);
    expect(code).toBe(1);
    expect(stdout).toMatch(/OVER {2}code brotli .* of 100 B: .* too much\n {6}index.js/);
    expect(existsSync(join(folder, 'out/lcc.json'))).toBe(true);
  });

  test('reads lcc.config.ts of the folder, its paths relative to it; flags go first', async () => {
    mkdirSync(join(folder, 'site'));
    writeFileSync(
      join(folder, 'site/lcc.config.ts'),
      "export default { model: '../tiny.onnx', target: 'mobile-wasm', dims: { batch: 3 }, out: 'model', budget: '1MB' };",
    );
    const { code, stdout } = await runCli(['build', 'lcc.config.ts', '--dim', 'batch=5'], join(folder, 'site'));
    expect([code, existsSync(join(folder, 'site/model/index.js'))]).toEqual([0, true]);
    expect(stdout).toContain('ok    total brotli');
    expect(JSON.parse(readFileSync(join(folder, 'site/model/lcc.json'), 'utf8')).inputs[0].shape).toEqual([5, 4]);
  });

  test('builds again over its own result, byte for byte', async () => {
    await lcc(`build tiny.onnx ${wasmOnly}`);
    const read = () =>
      readdirSync(join(folder, 'dist/tiny'))
        .filter((name) => name !== 'lcc.measured.json')
        .map((name) => [name, readFileSync(join(folder, 'dist/tiny', name), 'base64')]);
    const before = read();
    expect((await lcc(`build tiny.onnx ${wasmOnly}`)).code).toBe(0);
    expect(read()).toEqual(before);
  });
});

describe('what cannot be built leaves the output folder alone', () => {
  test.each([
    ['build missing.onnx', 'LCC1001: '],
    ['build', 'LCC0001: No model was named, and this folder has no lcc.config.ts.'],
    ['build tiny.onnx --budget heavy.json', 'LCC6101: '],
    ['build tiny.onnx --dim seq=4', 'LCC1014: --dim names "seq", which the model does not have.'],
    ['build tiny.onnx --target fridge', 'LCC0003: There is no target "fridge".'],
    ['build tiny.onnx --target mobile-wasm --backends webgpu', 'LCC0004: Target mobile-wasm has no webgpu backend.'],
    ['build truncated.onnx', 'LCC1002: '],
  ])('lcc %s', async (command, message) => {
    const whole = readFileSync(join(folder, 'tiny.onnx'));
    writeFileSync(join(folder, 'truncated.onnx'), whole.subarray(0, whole.length - 30));
    const { code, stdout, stderr } = await lcc(command);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(existsSync(join(folder, 'dist'))).toBe(false);
  });

  test("a folder with somebody else's files", async () => {
    const { code, stderr } = await lcc('build tiny.onnx -o .');
    expect([code, readdirSync(folder)]).toEqual([2, ['tiny.onnx']]);
    expect(stderr).toContain('LCC5001');
  });

  test('with --json the failure is on stdout too', async () => {
    const { code, stdout } = await lcc('build missing.onnx --json');
    expect([code, JSON.parse(stdout).error.code]).toEqual([2, 'LCC1001']);
  });
});

describe('lcc inspect', () => {
  test('prints the graph after ingest', async () => {
    const { code, stdout } = await lcc('inspect tiny.onnx --after ingest');
    expect(code).toBe(0);
    expect(stdout).toContain('# batch dimension');
    expect(stdout).toMatch(/= relu\(%\d+\) float32\[1,3\] {2}# "act"/);
  });

  test('marks each wasm kernel vector or scalar', async () => {
    const { stdout } = await lcc(`inspect tiny.onnx ${wasmOnly}`);
    expect(stdout).toMatch(/^backend +calls +MACs +bytes +form +kernel/m);
    expect(stdout).toMatch(/^wasm +1 +100.00 % +\d+ B +(vector|scalar)/m);
  });

  test('after lower come the kernels, their code and the plan of memory', async () => {
    const { stdout } = await lcc(`inspect tiny.onnx ${wasmOnly} --after lower`);
    expect(stdout).toMatch(/^backend +calls/);
    expect(stdout).toMatch(/^program "tiny": 12 multiply-adds/m);
    expect(stdout).toMatch(/^ {2}step 0: 0 /m);
  });

  test('prints every stage as JSON', async () => {
    const json = async (more: string) =>
      JSON.parse((await lcc(`inspect tiny.onnx ${wasmOnly} --json ${more}`.trim())).stdout);
    expect(await json('')).toMatchObject({ target: 'mobile-wasm', macs: 12 });
    expect(await json('--after ingest')).toMatchObject({
      graph: {
        inputs: [{ name: 'x', dtype: 'float32', shape: [1, 4] }],
        outputs: [{ name: 'y' }],
        nodes: [{ op: 'linear' }, { op: 'relu', name: 'act', outputs: [{ shape: [1, 3] }] }],
      },
    });
    expect((await json('--after compress')).passes.length).toBeGreaterThan(3);
    expect(await json('--after lower')).toMatchObject({ macs: 12, steps: [{ kind: 'call' }] });
    expect((await json('--after emit')).files['index.js']).toBeGreaterThan(1000);
    expect((await json('--after parity')).proofs[0].result.kind).toBe('agrees');
  });

  test('lists files and comparisons', async () => {
    expect((await lcc(`inspect tiny.onnx ${wasmOnly} --after emit`)).stdout).toMatch(/^index\.js/m);
    expect((await lcc(`inspect tiny.onnx ${wasmOnly} --after parity`)).stdout).toMatch(/wasm.* agrees/);
  });

  test('shows what a bundle records', async () => {
    await lcc(`build tiny.onnx ${wasmOnly} -o out`);
    const { stdout } = await lcc('inspect out');
    expect(stdout).toContain('mobile-wasm: wasm');
    expect(stdout).toMatch(/^model\.lcw +\d+ B/m);
    expect(JSON.parse((await lcc('inspect out --json')).stdout)).toMatchObject({ target: 'mobile-wasm' });
    expect(JSON.parse((await lcc('check out --json')).stdout)).toMatchObject({ isWithin: true });
    expect((await lcc('inspect out --after lower')).stderr).toContain('LCC0009');
  });

  test('an unknown stage', async () => {
    const { code, stderr } = await lcc('inspect tiny.onnx --after dinner');
    expect(code).toBe(2);
    expect(stderr).toContain('Choose from ingest, compress, lower, emit, parity.');
  });
});

describe('lcc bench', () => {
  test('refuses other engines, and asks for a model that it does not find unchanged', async () => {
    await lcc(`build tiny.onnx ${wasmOnly}`);
    const against = async (engines: string) => {
      const { code, stderr } = await lcc(`bench dist/tiny --against ${engines}`);
      expect(code).toBe(2);
      return stderr;
    };
    expect(await against('tensorrt')).toContain('LCC0003: There is no engine "tensorrt".');
    expect(await against('onnxruntime-web,tfjs')).toBe(
      [
        'LCC0008: tfjs reads no ONNX; it runs TensorFlow.js models.',
        '  at tiny.onnx',
        '  Next: Measure against onnxruntime-web, or name the same model as TensorFlow.js with --model model.json.\n',
      ].join('\n'),
    );
    writeFileSync(join(folder, 'tiny.onnx'), 'another');
    expect(await against('onnxruntime-web')).toContain('not found, or no longer the same: tiny.onnx');
  });
});
