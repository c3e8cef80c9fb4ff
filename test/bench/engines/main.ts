import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { build } from 'vite';
import { exportOnnx } from '../../../compiler/1-ingest/onnx/export.ts';
import { launchBrowser, runInPage } from '../../../compiler/6-budget/browser/index.ts';
import { isolation } from '../../../compiler/6-budget/browser/isolation.ts';
import { printByteCount } from '../../../compiler/6-budget/byte-count.ts';
import { check } from '../../../compiler/6-budget/check.ts';
import { quantile } from '../../../compiler/6-budget/timing/statistics.ts';
import { compile } from '../../../compiler/compile.ts';
import { measureSizes } from '../../../compiler/ir/file-sizes.ts';
import { printTable } from '../../../compiler/table.ts';
import { writeNetwork } from './network.ts';
import { type EngineName, type EnginesResult, type EnginesTask, engineNames, measureEngines } from './page.ts';

const flags = new Command('engines')
  .description('lcc, onnxruntime-web and tfjs on wasm, one model in one Chromium page, one thread.')
  .option('--rounds <count>', 'interleaved rounds', '60')
  .option('--pages <count>', 'cold pages of each engine', '9')
  .parse()
  .opts<{ readonly rounds: string; readonly pages: string }>();

const require = createRequire(import.meta.url);
const onnxRuntime = dirname(require.resolve('onnxruntime-web'));
const tfjsWasm = join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'wasm-out');

/** tfjs as an app's bundler leaves it. */
async function bundleTfjs(): Promise<Uint8Array> {
  const entry = fileURLToPath(new URL('tfjs-entry.ts', import.meta.url));
  const built = await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, minify: 'esbuild', lib: { entry, formats: ['es'] }, target: 'es2022' },
  });
  const [output] = Array.isArray(built) ? built : [built];
  const [chunk] = output && 'output' in output ? output.output : [];
  if (chunk?.type !== 'chunk') throw new Error('internal: vite wrote no module');
  return new TextEncoder().encode(chunk.code);
}

const folder = await mkdtemp(join(tmpdir(), 'lcc-engines-'));
const browser = await launchBrowser({ gpu: 'software' });
try {
  const model = await writeNetwork(join(folder, 'tfjs-model'));
  const onnx: Uint8Array[] = [];
  const bundle = await compile(model, {
    target: 'mobile-wasm',
    onStage: (event) => {
      if (event.stage === 'ingest') onnx.push(exportOnnx(event.graph));
    },
  });
  await bundle.write(join(folder, 'bundle'));
  await writeFile(join(folder, 'model.onnx'), onnx[0] ?? new Uint8Array());
  const tfjs = await bundleTfjs();
  const [port] = bundle.report.inputs;
  const measure = async (mode: EnginesTask['mode'], engines: readonly EngineName[]): Promise<EnginesResult> => {
    const argument: EnginesTask = {
      mode,
      engines,
      input: port?.name ?? '',
      shape: port?.shape ?? [],
      rounds: Number(flags.rounds),
    };
    const page = {
      module: `export default (task) => (${measureEngines.toString()})(task, (path) => import(path));`,
      argument,
      folders: {
        '/bundle/': join(folder, 'bundle'),
        '/tfjs-model/': join(folder, 'tfjs-model'),
        '/onnxruntime/': onnxRuntime,
        '/tfjs-wasm/': tfjsWasm,
      },
      files: { '/model.onnx': onnx[0] ?? new Uint8Array(), '/tfjs.js': tfjs },
      headers: isolation,
      timeout: 300_000,
    };
    return (await runInPage(browser, page)) as EnginesResult;
  };

  // The first page of a browser pays for the browser's own processes.
  await measure('cold', []);
  const cold = new Map<EngineName, number[]>(engineNames.map((name) => [name, []]));
  const order = [...engineNames];
  for (let page = 0; page < Number(flags.pages); page++) {
    for (const name of order) cold.get(name)?.push(...((await measure('cold', [name])).samples[0] ?? []));
    order.reverse();
  }
  const steady = await measure('steady', engineNames);
  const memory: number[] = [];
  for (const name of engineNames) memory.push((await measure('memory', [name])).samples[0]?.[0] ?? Number.NaN);

  const brotli = async (...files: (string | Uint8Array)[]): Promise<number> => {
    const sizes = files.map(async (file) => measureSizes(typeof file === 'string' ? await readFile(file) : file));
    return (await Promise.all(sizes)).reduce((sum, { brotli: bytes }) => sum + bytes, 0);
  };
  const { rows } = await check(join(folder, 'bundle'), { limits: [] });
  const code: Readonly<Record<EngineName, number>> = {
    lcc: rows.find((row) => row.measure === 'code' && row.encoding === 'brotli')?.actual ?? Number.NaN,
    'onnxruntime-web': await brotli(
      join(onnxRuntime, 'ort.wasm.min.mjs'),
      join(onnxRuntime, 'ort-wasm-simd-threaded.mjs'),
      join(onnxRuntime, 'ort-wasm-simd-threaded.wasm'),
    ),
    tfjs: await brotli(tfjs, join(tfjsWasm, 'tfjs-backend-wasm-threaded-simd.wasm')),
  };
  const cells = engineNames.map((name, i) => [
    name,
    printByteCount(code[name]),
    `${quantile(cold.get(name) ?? [], 0.5).toFixed(0)} ms`,
    `${quantile(steady.samples[i] ?? [], 0.5).toFixed(3)} ms`,
    printByteCount(memory[i] ?? Number.NaN),
    (steady.outputs[i] ?? []).map((value) => value.toFixed(4)).join(' '),
  ]);
  console.log(printTable([['engine', 'code, brotli', 'first output', 'one run', 'wasm memory', 'outputs'], ...cells]));
  const gpu = await brotli(
    join(onnxRuntime, 'ort.webgpu.min.mjs'),
    join(onnxRuntime, 'ort-wasm-simd-threaded.asyncify.mjs'),
    join(onnxRuntime, 'ort-wasm-simd-threaded.asyncify.wasm'),
  );
  const whole = await brotli(require.resolve('@tensorflow/tfjs/dist/tf.min.js'));
  console.log(`onnxruntime-web for WebGPU ${printByteCount(gpu)}; all of tfjs (tf.min.js) ${printByteCount(whole)}`);
} finally {
  await browser.close();
  await rm(folder, { recursive: true });
}
