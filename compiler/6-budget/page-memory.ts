/**
 * Runs in pages, as its own text. From now on every wasm memory of the page is noted, made by script or by a module; the result
 * counts their bytes.
 */
export function noteMemories(): () => number {
  type Instantiate = (
    ...inputs: unknown[]
  ) => Promise<WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource>;
  const memories = new Set<WebAssembly.Memory>();
  const noteExports = (instance: WebAssembly.Instance): void => {
    for (const one of Object.values(instance.exports)) if (one instanceof WebAssembly.Memory) memories.add(one);
  };
  const noting =
    (make: Instantiate): Instantiate =>
    async (...inputs) => {
      const made = await make.apply(WebAssembly, inputs);
      noteExports('instance' in made ? made.instance : made);
      return made;
    };
  const { instantiate, instantiateStreaming, Instance, Memory } = WebAssembly;
  Object.assign(WebAssembly, {
    instantiate: noting(instantiate as Instantiate),
    instantiateStreaming: noting(instantiateStreaming as Instantiate),
    Instance: new Proxy(Instance, {
      construct(target, inputs: [WebAssembly.Module, WebAssembly.Imports?]) {
        const instance = new target(...inputs);
        noteExports(instance);
        return instance;
      },
    }),
    Memory: new Proxy(Memory, {
      construct(target, inputs: [WebAssembly.MemoryDescriptor]) {
        const memory = new target(...inputs);
        memories.add(memory);
        return memory;
      },
    }),
  });
  return () => [...memories].reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
}
