import type { BackendContext, BackendModel, FillConstants, OpenBackend } from './backend.ts';
import { LccRuntimeError } from './error.ts';
import type { LoadOptions, Source } from './options.ts';
import { openSource, readAll } from './source.ts';

type WasmSource = Source | WebAssembly.Module | (() => Source);

/** A generated module, and how to ask whether the host can compile it; without that it is taken. */
export interface WasmModule {
  readonly isSupported?: () => boolean;
  readonly source: WasmSource;
}

/** Modules export what `WasmExports` says; `memory` begins with the constant image. */
export interface WasmDescription {
  /** best first */
  readonly modules: readonly WasmModule[];
  readonly constantBytes: number;
  /** addresses in `memory` */
  readonly inputs: readonly number[];
  readonly outputs: readonly (readonly [address: number, bytes: number])[];
}

export const wasmBackend =
  (description: WasmDescription): OpenBackend =>
  async ({ options, constants }: BackendContext): Promise<BackendModel> =>
    runExports(await instantiate(description, options), description, constants);

/** A model from an instance of one of its modules; fills the constants in. */
export async function runExports(
  { memory, run, hash, hashHigh }: WasmExports,
  { constantBytes, inputs: addresses, outputs }: Omit<WasmDescription, 'modules'>,
  constants: Promise<FillConstants>,
): Promise<BackendModel> {
  const bytes = new Uint8Array(memory.buffer);
  (await constants)(bytes.subarray(0, constantBytes), (address, size) => [
    hash(address, size >> 2) >>> 0,
    hashHigh() >>> 0,
  ]);
  return {
    async run(inputs, read) {
      inputs.forEach((input, i) => {
        bytes.set(new Uint8Array(input.buffer, input.byteOffset, input.byteLength), addresses[i]);
      });
      run();
      outputs.forEach(([address, size], i) => {
        read(i, memory.buffer, address, size);
      });
    },
    dispose() {},
  };
}

/** What every generated module exports. */
export interface WasmExports {
  readonly memory: WebAssembly.Memory;
  run(): void;
  /** low half of the hash of that memory */
  hash(address: number, words: number): number;
  /** high half of the last hash */
  hashHigh(): number;
}

export const asExports = ({ exports: { memory, run, hash, hashHigh } }: WebAssembly.Instance): WasmExports => ({
  memory: memory as WebAssembly.Memory,
  run: run as WasmExports['run'],
  hash: hash as WasmExports['hash'],
  hashHigh: hashHigh as WasmExports['hashHigh'],
});

async function instantiate({ modules }: WasmDescription, options: LoadOptions): Promise<WasmExports> {
  try {
    const source = options.wasm ?? modules.find((m) => !m.isSupported || m.isSupported())?.source;
    if (!source) throw 'no module of this bundle is supported';
    const module = await compile(source, options.signal);
    return asExports(await WebAssembly.instantiate(module));
  } catch (cause) {
    if (cause instanceof LccRuntimeError) throw cause;
    throw new LccRuntimeError('unsupported', `wasm does not start here: ${cause}`, cause);
  }
}

async function compile(source: WasmSource, signal?: AbortSignal): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  const opened = await openSource(source, signal);
  // Streaming needs the right MIME type; servers that send another still work.
  const streams = 'headers' in opened && /^application\/wasm/.test(opened.headers.get('content-type') ?? '');
  if (streams && WebAssembly.compileStreaming) return WebAssembly.compileStreaming(opened);
  return WebAssembly.compile(await readAll(opened));
}

/** Whether the host compiles a function of this body. */
const validates = (...body: readonly number[]): boolean =>
  WebAssembly.validate(
    new Uint8Array([
      ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10],
      ...[body.length + 4, 1, body.length + 2, 0],
      ...body,
      11,
    ]),
  );

const splat = [0x41, 0, 0xfd, 0x0f];

/** 128-bit SIMD. */
export const hasSimd = (): boolean => validates(...splat, 0x1a);

/** Relaxed SIMD: f32x4.relaxed_madd of three splats. */
export const hasRelaxedSimd = (): boolean => validates(...splat, ...splat, ...splat, 0xfd, 0x85, 0x02, 0x1a);
