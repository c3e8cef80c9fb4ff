import { beforeAll, expect, it } from 'vitest';
import { bundleEntry } from '../../compiler/5-emit/bundle-entry.ts';
import { runtimeSpecifier } from '../../compiler/5-emit/print-entry.ts';
import { runInPage } from '../../compiler/6-budget/browser/index.ts';
import type { Location, Port, Program } from '../../compiler/ir/program.ts';
import { add, like } from '../../compiler/kernel/expr.ts';
import { addIndex, makeAxis } from '../../compiler/kernel/index-expr.ts';
import type { NestKernel } from '../../compiler/kernel/nest.ts';
import { dim } from '../../compiler/tensor/shape.ts';
import { emitWebGpu } from '../../targets/webgpu/emit.ts';
import { describeInBrowser } from '../harness/browser.ts';

/** y = x + 3, one at a time in place, after a copy. */
function program(): Program {
  const axis = makeAxis('i', dim(8));
  const fetch = (slot: number) =>
    ({ kind: 'fetch', dtype: 'float32', slot, offset: addIndex(axis), guards: [], fill: 0 }) as const;
  const nest = (name: string, value: NestKernel['body'][number] & { kind: 'store' }): NestKernel => ({
    kind: 'nest',
    name,
    slots: [
      { name: 'y', dtype: 'float32', access: 'write' },
      { name: 'x', dtype: 'float32', access: 'read' },
    ],
    body: [{ kind: 'loop', axis, body: [value] }],
  });
  const store = { kind: 'store', slot: 0, offset: addIndex(axis) } as const;
  const at = (offset: number): Location => ({ space: 'arena', offset, bytes: 32 });
  const port = (name: string, location: Location): Port => ({ name, dtype: 'float32', shape: [8], location });
  return {
    name: 'counter',
    kernels: [
      nest('copy', { ...store, value: fetch(1) }),
      nest('count', { ...store, value: add(fetch(1), like(fetch(1), 1)) }),
    ],
    steps: [
      { kind: 'call', kernel: 0, arguments: [at(64), at(0)] },
      { kind: 'repeat', count: 3, steps: [{ kind: 'call', kernel: 1, arguments: [at(64), at(64)] }] },
    ],
    constants: { entries: [], size: 0 },
    inputs: [port('x', at(0))],
    outputs: [port('y', at(64)), port('x again', at(0))],
    arenaBytes: 96,
    buffers: [],
    macs: 0,
  };
}

const page = `import { LccRuntimeError, webGpuBackend } from '/runtime.js';
const feed = (value) => [new Float32Array(8).fill(value)];
const first = (arrays) => arrays[0][0];
const run = async (model, feeds) => {
  const arrays = [];
  await model.run(feeds, (_, memory, offset, bytes) => arrays.push(new Float32Array(memory, offset, bytes / 4).slice()));
  return arrays;
};
const reason = (promise) => promise.then(() => 'none', (error) => error.code + ': ' + error.message);
export default async (description) => {
  const lost = [];
  const context = (options = {}, forced = true) => ({
    options,
    forced,
    constants: Promise.resolve(() => {}),
    onLost: (why) => lost.push(why),
  });
  const open = (...args) => webGpuBackend(description)(context(...args));
  const answers = {};

  const model = await open();
  const [a, b, c] = await Promise.all([run(model, feed(1)), run(model, feed(10)), run(model, feed(100))]);
  answers.overlapping = [a, b, c].map(first);
  answers.echo = [...b[1]];
  const pending = reason(run(model, feed(5)));
  model.dispose();
  answers.pendingAtDispose = await pending;
  answers.lostByDispose = lost.length;

  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter.requestDevice();
  const shared = await open({ device });
  shared.dispose();
  const again = await open({ device });
  answers.sharedDeviceStays = first(await run(again, feed(2)));
  device.destroy();
  answers.afterLoss = await reason(run(again, feed(2)));
  answers.lostReports = lost.length;
  answers.afterLossAgain = await reason(run(again, feed(2)));

  answers.auto = await reason(open({}, false));
  const broken = { ...description, shaders: ['not wgsl'] };
  answers.brokenShader = (await reason(webGpuBackend(broken)(context()))).slice(0, 40);
  const damaged = new LccRuntimeError('damaged', 'wrong hash');
  const failing = { ...context(), constants: Promise.reject(damaged) };
  answers.damaged = await reason(webGpuBackend(description)(failing));
  return answers;
};`;

describeInBrowser('WebGPU runtime', (browser) => {
  let answers: Record<string, unknown> = {};
  beforeAll(async () => {
    const entry = `export { LccRuntimeError, webGpuBackend } from '${runtimeSpecifier}';`;
    const runtime = await bundleEntry(entry, 'es2022', { kind: 'module' });
    const argument = emitWebGpu(program());
    const result = await runInPage(browser(), { module: page, files: { '/runtime.js': runtime }, argument });
    answers = result as Record<string, unknown>;
  });

  it('answers overlapping runs each with its own result', () => expect(answers.overlapping).toEqual([4, 13, 103]));

  it('reads several outputs back', () => expect(answers.echo).toEqual(new Array(8).fill(10)));

  it('ends a pending run when disposed, and reports no loss', () => {
    expect(answers.pendingAtDispose).toBe('disposed: this model was disposed');
    expect(answers.lostByDispose).toBe(0);
  });

  it('leaves a shared device open', () => expect(answers.sharedDeviceStays).toBe(5));

  it('reports a lost device once, and to every run', () => {
    expect(answers.afterLoss).toMatch(/^device-lost: the GPU device is lost/);
    expect(answers.afterLossAgain).toBe(answers.afterLoss);
    expect(answers.lostReports).toBe(1);
  });

  it('refuses software adapters unless asked for by name', () =>
    expect(answers.auto).toMatch(/^unsupported: the WebGPU adapter is software/));

  it('says what a shader that does not compile is', () =>
    expect(answers.brokenShader).toBe('unsupported: WebGPU does not start here:'.slice(0, 40)));

  it('lets damaged weights through as what they are', () => expect(answers.damaged).toBe('damaged: wrong hash'));
});
