import { bundleSite } from '../../bundle-site.ts';
import type { Engine, OpenInPage } from './engine.ts';

/** What the page uses of a bundle's module. */
interface BundleModule {
  load(options: object): Promise<{
    readonly backend: string;
    run(feeds: object, results?: object): Promise<Record<string, ArrayLike<number>>>;
  }>;
}

const open: OpenInPage = async ({ backend, feeds, outputs, reusesResults, load }) => {
  const bundle = (await load('/bundle/index.js')) as BundleModule;
  const model = await bundle.load({ backend });
  const arrays = Object.fromEntries(feeds.map(({ name, data }) => [name, data]));
  const results = reusesResults ? await model.run(arrays) : {};
  const run = async () => {
    const found = await model.run(arrays, results);
    return outputs.map((name) => found[name] ?? []);
  };
  return { backend: model.backend, run };
};

/** A bundle: its folder, or its files by path. */
export const bundleEngine = (bundle: string | ReadonlyMap<string, Uint8Array>): Engine<'lcc'> => ({
  name: 'lcc',
  open,
  site: async () => bundleSite(bundle),
});
