import { expect, test } from 'vitest';
import { launchBrowser, runInPage } from '../../../compiler/6-budget/browser/index.ts';
import { describeInBrowser } from '../../harness/browser.ts';

/** (func (param v128 v128 v128) (result v128) local.get 0 local.get 1 local.get 2 f32x4.relaxed_madd) */
const relaxedSimd = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 123, 123, 123, 1, 123, 3, 2, 1, 0, 10, 13, 1, 11, 0, 32, 0, 32, 1, 32, 2,
  253, 133, 2, 11,
];

describeInBrowser('a page', (browser) => {
  test('gets an argument and returns plain data, typed arrays and NaN included', async () => {
    const module = 'export default ({ x, n }) => ({ twice: x.map((v) => v * 2), n, none: null });';
    const argument = { x: new Float32Array([1, 2.5, Number.NEGATIVE_INFINITY]), n: Number.NaN };
    expect(await runInPage(browser(), { module, argument })).toEqual({
      twice: new Float32Array([2, 5, Number.NEGATIVE_INFINITY]),
      n: Number.NaN,
      none: null,
    });
  });

  test('validates relaxed SIMD', async () => {
    const module = 'export default (bytes) => WebAssembly.validate(new Uint8Array(bytes));';
    expect(await runInPage(browser(), { module, argument: relaxedSimd })).toBe(true);
    expect(await runInPage(browser(), { module, argument: relaxedSimd.with(-2, 200) })).toBe(false);
  });

  test('has a WebGPU adapter that computes', async () => {
    const module = `export default async () => {
      const device = await (await navigator.gpu.requestAdapter()).requestDevice();
      const code = '@group(0) @binding(0) var<storage, read_write> y: array<f32>; @compute @workgroup_size(4) fn main(@builtin(global_invocation_id) i: vec3u) { y[i.x] = f32(i.x) * 0.5; }';
      const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module: device.createShaderModule({ code }) } });
      const y = device.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
      const back = device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer: y } }] }));
      pass.dispatchWorkgroups(1);
      pass.end();
      encoder.copyBufferToBuffer(y, 0, back, 0, 16);
      device.queue.submit([encoder.finish()]);
      await back.mapAsync(GPUMapMode.READ);
      return new Float32Array(back.getMappedRange().slice(0));
    };`;
    expect(await runInPage(browser(), { module })).toEqual(new Float32Array([0, 0.5, 1, 1.5]));
  });

  test('runs under a content security policy, which forbids eval', async () => {
    const headers = { 'content-security-policy': "default-src 'none'; script-src 'self'; connect-src 'self'" };
    const module = `export default async (n) => {
      const text = await (await fetch('/data/n.json')).json();
      try { return [n, text, new Function('return 1')()]; } catch (error) { return [n, text, error.name]; }
    };`;
    const files = { '/data/n.json': '7' };
    expect(await runInPage(browser(), { module, headers, files, argument: 5 })).toEqual([5, 7, 'EvalError']);
  });

  test('that throws is reported with its console', async () => {
    const module = "export default () => { console.log('before'); throw new RangeError('too far'); };";
    await expect(runInPage(browser(), { module })).rejects.toThrow(
      /LCC6004: The page failed: .*too far[\s\S]*- before/,
    );
  });

  test('that does not parse is reported', async () => {
    await expect(runInPage(browser(), { module: 'export default (' })).rejects.toThrow(/LCC6004: .*SyntaxError/);
  });

  test('that hangs is given up', async () => {
    const module = 'export default () => new Promise(() => {});';
    await expect(runInPage(browser(), { module, timeout: 200 })).rejects.toThrow('no answer after 0.2 s');
  });

  test('whose browser is gone is reported, and leaves no server behind', async () => {
    const servers = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length;
    const before = servers();
    const closed = await launchBrowser();
    await closed.close();
    await expect(runInPage(closed, { module: '' })).rejects.toThrow(
      /LCC6004: The page failed: .* has been closed\n {2}Next/,
    );
    expect(servers()).toBe(before);
  });
});
