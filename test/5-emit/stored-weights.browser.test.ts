import { expect, it } from 'vitest';
import { lower } from '../../compiler/4-lower/lower.ts';
import { generateAllModules, generateCode } from '../../compiler/5-emit/generate-code.ts';
import { runInPage } from '../../compiler/6-budget/browser/index.ts';
import { targets } from '../../targets/index.ts';
import { Expectation, randomFeeds } from '../4-lower/agreement.ts';
import { describeInBrowser } from '../harness/browser.ts';
import { emitTiny } from '../harness/bundle-folder.ts';
import { storedModel, storings } from '../harness/stored-model.ts';

describeInBrowser('a bundle with every way to store weights', (browser) => {
  it.each(['webgpu', 'wasm'])('computes what its graph means on %s', async (backend) => {
    const graph = storedModel(Object.values(storings));
    const feeds = randomFeeds(graph);
    const code = generateAllModules(generateCode(lower(graph), targets['mobile-webgpu']).code);
    const files = Object.fromEntries([...(await emitTiny(code))].map(([path, bytes]) => [`/bundle/${path}`, bytes]));
    const { tokens, ...floats } = Object.fromEntries(Object.entries(feeds).map(([name, { data }]) => [name, data]));
    const module = `import { load } from '/bundle/index.js';
      export default async ({ backend, tokens, floats }) => {
        const model = await load({ backend });
        return model.run({ ...floats, tokens: BigInt64Array.from(tokens, BigInt) });
      };`;
    const argument = { backend, tokens: Array.from(tokens!, Number), floats };
    const results = (await runInPage(browser(), { module, files, argument })) as Record<string, Float32Array>;
    new Expectation(graph, feeds).check(backend, new Map(Object.entries(results)));
    expect(Object.keys(results)).toEqual(['logits', 'words', 'taps']);
  });
});
