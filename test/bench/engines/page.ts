export const engineNames = ['lcc', 'onnxruntime-web', 'tfjs'] as const;
export type EngineName = (typeof engineNames)[number];

export interface EnginesTask {
  /** cold: milliseconds from nothing loaded to the first output. steady: per run, once warm. memory: bytes of all wasm memories. */
  readonly mode: 'cold' | 'steady' | 'memory';
  readonly engines: readonly EngineName[];
  /** of the only input, NHWC */
  readonly shape: readonly number[];
  readonly input: string;
  readonly rounds: number;
}

export interface EnginesResult {
  /** by engine, in the order of the task */
  readonly samples: readonly (readonly number[])[];
  /** first values of each engine's output */
  readonly outputs: readonly (readonly number[])[];
}

type Run = () => Promise<ArrayLike<number>>;
type Instantiate = (...inputs: unknown[]) => Promise<WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource>;
type Load = (path: string) => Promise<Record<string, unknown>>;

/** What the page uses of tfjs: the module that main.ts bundles. */
export interface TfjsModule {
  open(
    model: string,
    wasm: string,
  ): Promise<(data: Float32Array, shape: readonly number[]) => Promise<ArrayLike<number>>>;
}

/** Runs in the page, as its own text: it may refer to nothing outside itself. Engines take turns in one thread. */
export async function measureEngines(task: EnginesTask, load: Load): Promise<EnginesResult> {
  const size = task.shape.reduce((product, n) => product * n, 1);
  const data = Float32Array.from({ length: size }, (_, i) => Math.sin(i));

  const memories = new Set<WebAssembly.Memory>();
  const note = (instance: WebAssembly.Instance): void => {
    for (const one of Object.values(instance.exports)) if (one instanceof WebAssembly.Memory) memories.add(one);
  };
  const { instantiate, instantiateStreaming, Memory } = WebAssembly;
  const noting =
    (make: Instantiate): Instantiate =>
    async (...inputs) => {
      const made = await make.apply(WebAssembly, inputs);
      note('instance' in made ? made.instance : made);
      return made;
    };
  if (task.mode === 'memory') {
    Object.assign(WebAssembly, {
      instantiate: noting(instantiate as Instantiate),
      instantiateStreaming: noting(instantiateStreaming as Instantiate),
      Memory: new Proxy(Memory, {
        construct(target, inputs: [WebAssembly.MemoryDescriptor]) {
          const memory = new target(...inputs);
          memories.add(memory);
          return memory;
        },
      }),
    });
  }

  const openLcc = async (): Promise<Run> => {
    const bundle = (await load('/bundle/index.js')) as {
      load(options: object): Promise<{ run(feeds: object): Promise<Record<string, ArrayLike<number>>> }>;
    };
    const model = await bundle.load({ backend: 'wasm' });
    return async () => Object.values(await model.run({ [task.input]: data }))[0] ?? [];
  };
  const openOnnxRuntime = async (): Promise<Run> => {
    const ort = (await load('/onnxruntime/ort.wasm.min.mjs')) as {
      env: { wasm: { numThreads: number; wasmPaths: string }; logLevel: string };
      Tensor: new (dtype: string, data: Float32Array, shape: readonly number[]) => object;
      InferenceSession: {
        create(
          path: string,
          options: object,
        ): Promise<{ run(feeds: object): Promise<Record<string, { getData(): Promise<ArrayLike<number>> }>> }>;
      };
    };
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmPaths = `${location.origin}/onnxruntime/`;
    ort.env.logLevel = 'error';
    const session = await ort.InferenceSession.create('/model.onnx', { executionProviders: ['wasm'] });
    const feed = new ort.Tensor('float32', data, task.shape);
    return async () => (await Object.values(await session.run({ [task.input]: feed }))[0]?.getData()) ?? [];
  };
  const openTfjs = async (): Promise<Run> => {
    const { open } = (await load('/tfjs.js')) as unknown as TfjsModule;
    const run = await open('/tfjs-model/model.json', `${location.origin}/tfjs-wasm/`);
    return () => run(data, task.shape);
  };
  const open = { lcc: openLcc, 'onnxruntime-web': openOnnxRuntime, tfjs: openTfjs };

  const runs: Run[] = [];
  const outputs: number[][] = [];
  const first: number[] = [];
  for (const name of task.engines) {
    const start = performance.now();
    const run = await open[name]();
    outputs.push(Array.from(await run()).slice(0, 4));
    first.push(performance.now() - start);
    runs.push(run);
  }
  if (task.mode === 'cold') return { outputs, samples: first.map((ms) => [ms]) };
  if (task.mode === 'memory') {
    return { outputs, samples: [[[...memories].reduce((sum, { buffer }) => sum + buffer.byteLength, 0)]] };
  }
  for (const run of runs) for (let i = 0; i < 200; i++) await run();
  const samples = runs.map((): number[] => []);
  const order = runs.map((_, i) => i);
  for (let round = 0; round < task.rounds; round++) {
    for (const i of order) {
      const start = performance.now();
      for (let n = 0; n < 20; n++) await runs[i]?.();
      samples[i]?.push((performance.now() - start) / 20);
    }
    order.reverse();
  }
  return { outputs, samples };
}
