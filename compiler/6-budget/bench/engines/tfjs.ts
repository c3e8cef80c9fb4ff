import type * as Tfjs from '@tensorflow/tfjs';
import type { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { bundleTfjs, type ModelFormat, tfjsWasmFolder } from './bundle-tfjs.ts';
import type { Engine, OpenInPage } from './engine.ts';

/** The files of a TensorFlow.js model. */
export interface TensorflowFiles {
  /** model.json */
  readonly model: Uint8Array;
  readonly format: ModelFormat;
  /** weights, by path as model.json names them */
  readonly shards: ReadonlyMap<string, Uint8Array>;
}

/** What the page uses of tfjs: the loader of the model's format, the paths where the backend is wasm. */
type TfjsModule = Pick<typeof Tfjs, 'setBackend' | 'tensor' | 'env'> &
  (Pick<typeof Tfjs, 'loadLayersModel'> | Pick<typeof Tfjs, 'loadGraphModel'>) & { setWasmPaths?: typeof setWasmPaths };

type Predict = (inputs: Readonly<Record<string, Tfjs.Tensor>>) => Tfjs.Tensor | Tfjs.Tensor[];

const open: OpenInPage = async ({ backend, feeds, outputs, load }) => {
  const tf = (await load('/tfjs.js')) as TfjsModule;
  if (tf.setWasmPaths !== undefined) {
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
    tf.setWasmPaths(`${location.origin}/tfjs-wasm/`);
  }
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs cannot use ${backend} here`);

  const openModel = async (path: string): Promise<Predict> => {
    if ('loadGraphModel' in tf) {
      const graph = await tf.loadGraphModel(path);
      return (inputs) => graph.execute(inputs, [...outputs]);
    }
    const model = await tf.loadLayersModel(path);
    // A sequential model has no names before.
    if (model.getClassName() === 'Sequential') (model as Tfjs.Sequential).build();
    return (inputs) =>
      model.predict(
        model.inputNames.map((name) => {
          const input = inputs[name];
          if (input === undefined) throw new Error(`tfjs needs the input ${name}, which the bundle does not take`);
          return input;
        }),
      );
  };
  const predict = await openModel('/tensorflow/model.json');

  const run = async () => {
    const entries = feeds.map(
      ({ name, data, shape, dtype }) =>
        [name, tf.tensor(data as Float32Array, [...shape], dtype as Tfjs.DataType)] as const,
    );
    const results = [predict(Object.fromEntries(entries))].flat();
    const values = await Promise.all(results.map((tensor) => tensor.data()));
    for (const tensor of [...results, ...entries.map(([, input]) => input)]) tensor.dispose();
    return values;
  };
  return { backend, run };
};

/** TensorFlow.js, on one thread; its WebGPU backend is an optional package. */
export const tfjsEngine = ({ model, format, shards }: TensorflowFiles): Engine<'tfjs'> => ({
  name: 'tfjs',
  open,
  site: async (backend) => ({
    folders: { '/tfjs-wasm/': tfjsWasmFolder() },
    files: {
      '/tfjs.js': await bundleTfjs(format, backend),
      '/tensorflow/model.json': model,
      ...Object.fromEntries([...shards].map(([path, bytes]) => [`/tensorflow/${path}`, bytes])),
    },
  }),
});
