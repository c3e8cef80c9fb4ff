import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Command } from 'commander';
import { exportOnnx } from '../../../compiler/1-ingest/onnx/export.ts';
import { openBench } from '../../../compiler/6-budget/bench/bench.ts';
import { bundleTfjs, tfjsWasmFolder } from '../../../compiler/6-budget/bench/engines/bundle-tfjs.ts';
import { onnxRuntimeEngine, onnxRuntimeFolder } from '../../../compiler/6-budget/bench/engines/onnxruntime-web.ts';
import { tfjsEngine } from '../../../compiler/6-budget/bench/engines/tfjs.ts';
import { check } from '../../../compiler/6-budget/check.ts';
import { compile } from '../../../compiler/compile.ts';
import { printTable } from '../../../compiler/describe/table.ts';
import { measureSizes } from '../../../compiler/ir/file-sizes.ts';
import { printBytes } from '../../../compiler/quantity/bytes.ts';
import { writeNetwork } from './network.ts';

const flags = new Command('engines')
  .description('lcc, onnxruntime-web and tfjs on wasm, one model in one Chromium page, one thread.')
  .option('--rounds <count>', 'interleaved rounds', '60')
  .option('--pages <count>', 'cold pages of each engine', '9')
  .parse()
  .opts<{ readonly rounds: string; readonly pages: string }>();

const folder = await mkdtemp(join(tmpdir(), 'lcc-engines-'));
const { bench, close } = await openBench();
try {
  const { file, weights } = await writeNetwork(join(folder, 'tfjs-model'));
  const onnx: Uint8Array[] = [];
  const bundle = await compile(file, {
    target: 'mobile-wasm',
    onStage: (event) => {
      if (event.stage === 'ingest') onnx.push(exportOnnx(event.graph));
    },
  });
  const out = join(folder, 'bundle');
  await bundle.write(out);
  const { engines } = await bench({
    bundle: out,
    rivals: [
      onnxRuntimeEngine(onnx[0] ?? new Uint8Array()),
      tfjsEngine({
        model: await readFile(file),
        format: 'layers',
        shards: new Map([[basename(weights), await readFile(weights)]]),
      }),
    ],
    inputs: bundle.report.inputs,
    outputs: bundle.report.outputs,
    backend: 'wasm',
    rounds: Number(flags.rounds),
    coldPages: Number(flags.pages),
  });
  const code: Readonly<Record<string, number>> = {
    lcc: await codeOf(out),
    'onnxruntime-web': await brotliOf(
      ...['ort.wasm.min.mjs', 'ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm'].map(inOnnxRuntime),
    ),
    tfjs: await brotliOf(await bundleTfjs('layers', 'wasm'), join(tfjsWasmFolder(), 'tfjs-backend-wasm-simd.wasm')),
  };
  const cells = engines.map(({ engine, first, median, memory, worst }) => [
    engine,
    printBytes(code[engine] ?? Number.NaN),
    `${first.toFixed(0)} ms`,
    `${median.toFixed(3)} ms`,
    printBytes(memory),
    worst.toExponential(1),
  ]);
  console.log(
    printTable([['engine', 'code, brotli', 'first output', 'one run', 'wasm memory', 'difference'], ...cells]),
  );
  const gpu = await brotliOf(
    ...['ort.webgpu.min.mjs', 'ort-wasm-simd-threaded.asyncify.mjs', 'ort-wasm-simd-threaded.asyncify.wasm'].map(
      inOnnxRuntime,
    ),
  );
  const whole = await brotliOf(createRequire(import.meta.url).resolve('@tensorflow/tfjs/dist/tf.min.js'));
  console.log(`onnxruntime-web for WebGPU ${printBytes(gpu)}; all of tfjs (tf.min.js) ${printBytes(whole)}`);
} finally {
  await close();
  await rm(folder, { recursive: true });
}

function inOnnxRuntime(file: string): string {
  return join(onnxRuntimeFolder(), file);
}

async function brotliOf(...files: (string | Uint8Array)[]): Promise<number> {
  const sizes = files.map(async (file) => measureSizes(typeof file === 'string' ? await readFile(file) : file));
  return (await Promise.all(sizes)).reduce((sum, { brotli: bytes }) => sum + bytes, 0);
}

async function codeOf(bundle: string): Promise<number> {
  const { rows } = await check(bundle, { limits: [] });
  return rows.find((row) => row.measure === 'code' && row.encoding === 'brotli')?.actual ?? Number.NaN;
}
