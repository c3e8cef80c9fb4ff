import { expect, test } from 'vitest';
import { runInPage } from '../../../compiler/6-budget/browser/index.ts';
import { calibrate } from '../../../compiler/6-budget/calibrate/calibrate.ts';
import { kernelsVersion } from '../../../compiler/6-budget/calibrate/kernels.ts';
import { gpuSizes, productMultiplyAdds, shaders, workgroups } from '../../../compiler/6-budget/calibrate/shaders.ts';
import type { RunPage } from '../../../compiler/6-budget/device/device.ts';
import { describeInBrowser } from '../../harness/browser.ts';

const quick = { name: 'here', date: '2026-11-28', rounds: 3, sampleTime: 1 };

/** Runs one shader once over given numbers, or as many ones, and reads its last buffer. */
const runShader = `export default async ({ code, inputs, bytes, groups }) => {
  const device = await (await navigator.gpu.requestAdapter()).requestDevice();
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const buffers = inputs.map((given) => {
    const data = typeof given === 'number' ? new Float32Array(given).fill(1) : given;
    const buffer = device.createBuffer({ size: data.byteLength, usage });
    device.queue.writeBuffer(buffer, 0, data);
    return buffer;
  });
  const out = device.createBuffer({ size: bytes, usage });
  const back = device.createBuffer({ size: bytes, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const compute = { module: device.createShaderModule({ code }) };
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute });
  const entries = [...buffers, out].map((buffer, binding) => ({ binding, resource: { buffer } }));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(...groups);
  pass.end();
  encoder.copyBufferToBuffer(out, 0, back, 0, bytes);
  device.queue.submit([encoder.finish()]);
  await back.mapAsync(GPUMapMode.READ);
  return new Float32Array(back.getMappedRange().slice(0));
};`;

describeInBrowser('calibration', (browser) => {
  const run: RunPage = (page) => runInPage(browser(), page);

  test('measures wasm, and a software GPU only when asked to', async () => {
    const { profile, webgpu, disturbed } = await calibrate(run, quick);
    expect(profile).toMatchObject({
      name: 'here',
      description: expect.stringMatching(/^Chrome \d+ on Linux, \d+ cores$/),
      origin: { kind: 'measured', cores: expect.any(Number), date: '2026-11-28', kernels: kernelsVersion },
    });
    const { float, integer, bandwidth, compile } = profile.wasm;
    for (const rate of [float, integer, bandwidth]) {
      expect(rate).toBeGreaterThan(1e8);
      expect(rate).toBeLessThan(1e12);
    }
    expect(compile).toBeGreaterThan(1e5);
    expect(disturbed).toBeLessThan(1);
    expect(profile.webgpu).toBeUndefined();
    expect(webgpu).toEqual({
      kind: 'absent',
      reason: expect.stringMatching(/^the adapter \(.*swiftshader.*\) is software$/),
    });
  });

  test('measures WebGPU', async () => {
    const { profile, webgpu } = await calibrate(run, { ...quick, rounds: 1, acceptsSoftwareGpu: true });
    expect(webgpu).toEqual({ kind: 'measured', adapter: expect.stringContaining('swiftshader') });
    for (const rate of Object.values(profile.webgpu ?? {})) expect(rate).toBeGreaterThan(0);
    expect(Object.keys(profile.webgpu ?? {})).toEqual(['float', 'bandwidth', 'dispatch', 'roundTrip', 'pipeline']);
  });

  test('the product computes C = A B, by as many multiply-adds as are counted', async () => {
    const { m, n, k } = gpuSizes;
    expect(productMultiplyAdds).toBe(m * n * k);
    const a = Float32Array.from({ length: m * k }, (_, i) => ((i * 7) % 13) - 6);
    const b = Float32Array.from({ length: k * n }, (_, i) => ((i * 5) % 11) - 5);
    const argument = { code: shaders.product, inputs: [a, b], bytes: 4 * m * n, groups: workgroups.product };
    const c = (await run({ module: runShader, argument })) as Float32Array;
    const at = (row: number, column: number) => {
      let sum = 0;
      for (let i = 0; i < k; i++) sum += (a[row * k + i] ?? 0) * (b[i * n + column] ?? 0);
      return sum;
    };
    for (const [row, column] of [
      [0, 0],
      [1, 2],
      [31, 32],
      [500, 255],
      [m - 1, n - 1],
    ] as const)
      expect(c[row * n + column]).toBe(at(row, column));
  });

  test('the read sums every vector of its buffer once', async () => {
    const ones = gpuSizes.readBytes / 4;
    const sums = 4 * 64 * workgroups.read[0];
    const argument = { code: shaders.read, inputs: [ones], bytes: 4 * sums, groups: workgroups.read };
    const c = (await run({ module: runShader, argument })) as Float32Array;
    expect(c.reduce((total, sum) => total + sum, 0)).toBe(ones);
  });
});
