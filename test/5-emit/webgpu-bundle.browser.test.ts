import { expect, it } from 'vitest';
import { loadModel } from '../../compiler/5-emit/load-model.ts';
import { runInPage } from '../../compiler/6-budget/browser/index.ts';
import { targets } from '../../targets/index.ts';
import type { Target } from '../../targets/target.ts';
import { golden } from '../cases/mlp/case.ts';
import { describeInBrowser } from '../harness/browser.ts';
import { emitTiny } from '../harness/bundle-folder.ts';
import { modelCodeOf } from '../harness/model-code.ts';

const target: Target = targets['mobile-webgpu'];
const image = Float32Array.from({ length: 12 }, (_, i) => i / 12);

const serve = async (of: Target, singleFile = false) => {
  const files = await emitTiny(modelCodeOf(golden.model, of), singleFile);
  return Object.fromEntries([...files].map(([path, bytes]) => [`/bundle/${path}`, bytes]));
};
const pageOf = (body: string) => `import { load } from '/bundle/index.js';\nexport default async (image) => {${body}};`;

describeInBrowser('a bundle with WebGPU', (browser) => {
  const expected = async () => {
    const model = await loadModel(modelCodeOf(golden.model, targets['mobile-wasm']));
    return [...((await model.run({ image })).probabilities as Float32Array)];
  };
  const close = (found: unknown, wanted: readonly number[]) => {
    expect(found).toHaveLength(wanted.length);
    for (const [i, value] of (found as number[]).entries()) expect(value).toBeCloseTo(wanted[i]!, 5);
  };

  it('runs without wasm under a policy that allows none, also from one file', async () => {
    const policy = "default-src 'none'; script-src 'self'; connect-src 'self'";
    const module = pageOf(`
      const model = await load();
      const { probabilities } = await model.run({ image });
      return { backend: model.backend, values: [...probabilities] };`);
    for (const singleFile of [false, true]) {
      const files = await serve({ ...target, backends: ['webgpu'] }, singleFile);
      expect(Object.keys(files).filter((path) => path.endsWith('.wasm'))).toEqual([]);
      const page = { module, files, argument: image, headers: { 'content-security-policy': policy } };
      const { backend, values } = (await runInPage(browser(), page)) as { backend: string; values: number[] };
      expect(backend).toBe('webgpu');
      close(values, await expected());
    }
  });

  it('answers overlapping runs on the GPU, each its own, whatever happens to the feeds', async () => {
    const module = pageOf(`
      const model = await load({ backend: 'webgpu' });
      const other = image.map((v) => -v);
      const runs = [model.run({ image }), model.run({ image: other }), model.run({ image })];
      image.fill(7);
      other.fill(7);
      return (await Promise.all(runs)).map(({ probabilities }) => [...probabilities]);`);
    const [a, b, c] = (await runInPage(browser(), {
      module,
      files: await serve(target),
      argument: image,
    })) as number[][];
    close(a, await expected());
    expect(b).not.toEqual(a);
    expect(c).toEqual(a);
  });

  it('takes wasm under auto where the only adapter is software or the model is small, and says why', async () => {
    const module = pageOf(`
      const reasons = [];
      const model = await load({ onFallback: (reason) => reasons.push(reason) });
      const { probabilities } = await model.run({ image });
      return { backend: model.backend, reasons, values: [...probabilities] };`);
    const code = modelCodeOf(golden.model, target);
    expect(code.prefersWebGpu).toBe(false);
    for (const prefersWebGpu of [false, true]) {
      const bundle = await emitTiny({ ...code, prefersWebGpu });
      const files = Object.fromEntries([...bundle].map(([path, bytes]) => [`/bundle/${path}`, bytes]));
      const found = (await runInPage(browser(), { module, files, argument: image })) as {
        backend: string;
        reasons: string[];
        values: number[];
      };
      expect(found.backend).toBe('wasm');
      close(found.values, await expected());
      if (prefersWebGpu) expect(found.reasons).toEqual([expect.stringMatching(/the WebGPU adapter is software/)]);
      else expect(found.reasons).toEqual([]);
    }
  });

  it('continues on wasm when a shared device is lost, and fails with a code when WebGPU was forced', async () => {
    const module = pageOf(`
      const share = async () => (await navigator.gpu.requestAdapter()).requestDevice();
      const reasons = [];
      const device = await share();
      const model = await load({ device, onFallback: (reason) => reasons.push(reason) });
      const before = model.backend;
      await model.run({ image });
      device.destroy();
      await device.lost;
      const { probabilities } = await model.run({ image });
      const other = await share();
      const forced = await load({ backend: 'webgpu', device: other });
      other.destroy();
      await other.lost;
      const code = await forced.run({ image }).then(() => 'none', (error) => error.code);
      return { before, after: model.backend, count: reasons.length, code, values: [...probabilities] };`);
    const code = { ...modelCodeOf(golden.model, target), prefersWebGpu: true };
    const bundle = await emitTiny(code);
    const files = Object.fromEntries([...bundle].map(([path, bytes]) => [`/bundle/${path}`, bytes]));
    const found = (await runInPage(browser(), { module, files, argument: image })) as { values: number[] };
    expect(found).toMatchObject({ before: 'webgpu', after: 'wasm', count: 1, code: 'device-lost' });
    close(found.values, await expected());
  });
});
