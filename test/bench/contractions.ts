import { launchBrowser, runInPage } from '../../compiler/6-budget/browser/index.ts';
import { printTable } from '../../compiler/describe/table.ts';
import type { WasmFeatures } from '../../targets/target.ts';
import {
  assemble,
  type CaseSpec,
  makeKernel,
  multiplyAdds,
  scratchBytes,
  slotSizes,
} from '../harness/contraction-case.ts';
import { conv, depthwise, gemm, live } from '../harness/contraction-shapes.ts';
import { hasRelaxedSimd } from '../harness/relaxed-simd.ts';
import measureModule, { type TimedCall } from './time-module.ts';

/** In float32, and with int8 codes on both sides. */
const compressible: Readonly<Record<string, CaseSpec>> = {
  'pointwise 28x28 64-64': conv({ h: 28, w: 28, c: 64, n: 64, k: 1, epilogue: 'scale' }),
  'pointwise 14x14 256-256': conv({ h: 14, w: 14, c: 256, n: 256, k: 1, epilogue: 'scale' }),
  'conv 3x3 28x28 64-64': conv({ h: 28, w: 28, c: 64, n: 64, k: 3, epilogue: 'scale' }),
  'gemm 64x512x512': gemm(64, 512, 512, 'scale'),
  'gemv 1024x1000': gemm(1, 1000, 1024, 'scale'),
};

const shapes: Readonly<Record<string, CaseSpec>> = {
  'gemm 256x256x256': gemm(256, 256, 256),
  'gemm 49x512x512': gemm(49, 512, 512),
  'gemv 1024x1024': gemm(1, 1024, 1024),
  'gemv 10x784': gemm(1, 10, 784),
  'pointwise 56x56 64-128': conv({ h: 56, w: 56, c: 64, n: 128, k: 1, epilogue: 'relu' }),
  'pointwise 120x160 16-32': conv({ h: 120, w: 160, c: 16, n: 32, k: 1, epilogue: 'relu' }),
  'conv 3x3 28x28 16-16': conv({ h: 28, w: 28, c: 16, n: 16, k: 3, epilogue: 'relu' }),
  'conv 3x3 14x14 128-128': conv({ h: 14, w: 14, c: 128, n: 128, k: 3, epilogue: 'relu' }),
  'conv 3x3 / 2 112x112 3-32': conv({ h: 112, w: 112, c: 3, n: 32, k: 3, stride: 2, epilogue: 'relu' }),
  'conv 3x3 30x40 64-6': conv({ h: 30, w: 40, c: 64, n: 6, k: 3 }),
  'conv 3x3 40x40 32-1': conv({ h: 40, w: 40, c: 32, n: 1, k: 3 }),
  'depthwise 3x3 56x56x64': depthwise({ h: 56, w: 56, c: 64, k: 3, epilogue: 'relu' }),
  'depthwise 3x3 / 2 56x56x64': depthwise({ h: 56, w: 56, c: 64, k: 3, stride: 2, epilogue: 'relu' }),
  'depthwise 3x3 14x14x512': depthwise({ h: 14, w: 14, c: 512, k: 3, epilogue: 'relu' }),
  'depthwise 5x5 28x28x128': depthwise({ h: 28, w: 28, c: 128, k: 5, epilogue: 'relu' }),
  'scores 197x197x64': live(197, 197, 64, true),
  'weighted values 197x64x197': live(197, 64, 197, false),
  ...compressible,
  ...Object.fromEntries(
    Object.entries(compressible).map(([name, spec]) => [
      `int8 ${name}`,
      { ...spec, codes: { inverseScale: 60, zero: 64 } },
    ]),
  ),
};

/** GFLOP/s of every shape here in Node and in Chromium. Each figure is the best of many short runs. */
async function benchContractions(only: string): Promise<void> {
  const chosen = Object.entries(shapes).filter(([name]) => only.split('|').some((part) => name.includes(part)));
  const calls = (features: WasmFeatures) => chosen.map(([, spec]) => prepare(spec, features));
  const columns: Record<string, readonly number[]> = {};
  columns['node simd'] = await measureModule(calls('simd'));
  if (hasRelaxedSimd()) columns['node relaxed'] = await measureModule(calls('relaxed'));
  const browser = await launchBrowser();
  try {
    for (const features of ['simd', 'relaxed'] as const) {
      const module = `export default ${measureModule.toString()}`;
      const seconds = await runInPage(browser, { module, argument: calls(features), timeout: 600_000 });
      columns[`chromium ${features}`] = Array.isArray(seconds) ? seconds.map(Number) : [];
    }
  } finally {
    await browser.close();
  }
  const rows = chosen.map(([name, spec], i) => [
    name,
    assemble([makeKernel(spec)], 'relaxed', 0).tiles[0] ?? '',
    ...Object.values(columns).map((seconds) => ((2e-9 * multiplyAdds(spec)) / (seconds[i] ?? 0)).toFixed(1)),
  ]);
  console.log(printTable([['GFLOP/s', 'tile', ...Object.keys(columns)], ...rows]));
}

const pageBytes = 65536;
const alignment = 64;

function prepare(spec: CaseSpec, features: WasmFeatures): TimedCall {
  const kernel = makeKernel(spec);
  let end = Math.ceil(scratchBytes([kernel], features) / alignment) * alignment;
  const addresses = slotSizes(kernel).map((elements) => {
    const start = end;
    end += Math.ceil((elements * 4) / alignment) * alignment;
    return start;
  });
  const { bytes } = assemble([kernel], features, Math.ceil(end / pageBytes));
  return { module: bytes, addresses, callsPerBurst: Math.max(1, Math.ceil(6e7 / multiplyAdds(spec))) };
}

await benchContractions(process.argv[2] ?? '');
