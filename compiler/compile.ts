import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { isTargetName, targets } from '../targets/index.ts';
import { readProfile } from '../targets/profiles/index.ts';
import type { Target } from '../targets/target.ts';
import { ingest } from './1-ingest/ingest.ts';
import { exportOnnx } from './1-ingest/onnx/export.ts';
import type { ModelFile, ModelSource } from './1-ingest/source.ts';
import { optimise } from './3-compress/pipeline.ts';
import { lower } from './4-lower/lower.ts';
import { generateCode } from './5-emit/generate-code.ts';
import type { SecondOpinion } from './5-emit/parity/engines.ts';
import { reportCalls } from './5-emit/report-calls.ts';
import { makeBundle } from './compiled-bundle.ts';
import type { CompressedModel } from './compress-model.ts';
import { backendNotInTarget, unknownChoice } from './diagnostics/cli.ts';
import { profileWithoutWebGpu } from './diagnostics/device.ts';
import { LccError } from './diagnostics/index.ts';
import { modelNotFound, rangeNotSupported } from './diagnostics/ingest.ts';
import type { Bundle, CompileOptions } from './ir/bundle.ts';
import type { Graph } from './ir/graph.ts';
import type { SourceReport } from './ir/report.ts';
import { readCompression } from './settings/read-compression.ts';
import type { Tensor } from './tensor/tensor.ts';

/**
 * The whole pipeline. `source` is the path of a model (ONNX, or TensorFlow.js: its model.json), or the bytes of an ONNX model.
 * @throws LccError with exit code 2 for what the model, the options or the machine cannot do
 */
export async function compile(source: Uint8Array | string, options: CompileOptions): Promise<Bundle> {
  const target = await chooseTarget(options);
  const model = await readModel(source);
  const tell = options.onStage ?? (() => {});

  const bindings = { ...options, dims: sizesOfDims(options, model.file) };
  const ingested = timed(() => ingest(model, bindings));
  tell({ stage: 'ingest', ms: ingested.ms, ...ingested.value });
  const { graph: meant, notes, parts } = ingested.value;

  const compressed = await timedAsync(async () => {
    const { graph: exact, passes } = optimise(meant);
    const lossy = await compressLossily(meant, exact, options, target);
    return { exact, graph: lossy?.graph ?? exact, passes, compression: lossy?.report, notes: lossy?.notes ?? [] };
  });
  tell({ stage: 'compress', ms: compressed.ms, ...compressed.value });
  const { exact, graph, passes, compression } = compressed.value;

  const lowered = timed(() => {
    const program = lower(graph);
    return { program, ...generateCode(program, target) };
  });
  const { program, code, kernels, constants, work } = lowered.value;
  tell({ stage: 'lower', ms: lowered.ms, program, kernels });

  const report = {
    name: program.name,
    source: describeSource(model, parts),
    target: target.name,
    backends: target.backends,
    inputs: program.inputs.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
    outputs: program.outputs.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
    macs: program.macs,
    work,
    memory: { constants: program.constants.size, arena: program.arenaBytes, buffers: program.buffers },
    constants,
    kernels,
    calls: reportCalls(program),
    passes,
    ...(compression && { compression }),
    notes: [...notes, ...compressed.value.notes],
  };
  // What was lost on purpose is reported, not proven: the proof is that every backend computes the compressed graph.
  const proven = compression ? graph : meant;
  const isWritten = compression !== undefined || parts !== undefined;
  const onnx = isWritten ? writtenAsOnnx(proven) : { bytes: model.bytes, constants: boundTensors(meant, options) };
  return makeBundle({
    report,
    code,
    original: exact,
    meant: proven,
    onnx,
    tensorflow:
      parts && !compression
        ? { model: model.bytes, shards: parts.map(({ bytes }) => bytes), constants: boundTensors(meant, options) }
        : undefined,
    singleFile: options.singleFile ?? false,
    tell,
  });
}

/** For onnxruntime, where no ONNX file says what is proven; the few graphs that ONNX has no words for go without. */
function writtenAsOnnx(graph: Graph): SecondOpinion {
  try {
    return { bytes: exportOnnx(graph), constants: {} };
  } catch (error) {
    if (error instanceof LccError) return undefined;
    throw error;
  }
}

/** What needs data and linear algebra is loaded only where it is asked for. */
async function compressLossily(
  meant: Graph,
  graph: Graph,
  options: CompileOptions,
  target: Target,
): Promise<CompressedModel | undefined> {
  const compression = readCompression(options);
  if (!compression) return undefined;
  const { compressModel } = await import('./compress-model.ts');
  return compressModel({ meant, graph }, compression, options, target);
}

/** The inputs that were fixed, as ingest typed them; those that nothing needs are left out. */
function boundTensors(graph: Graph, { constants }: CompileOptions): Record<string, Tensor> {
  const tensors = [...graph.constants].map(([id, tensor]) => [graph.values.get(id)?.name ?? '', tensor] as const);
  return Object.fromEntries(tensors.filter(([name]) => Object.hasOwn(constants ?? {}, name)));
}

/**
 * The named target with the backends and the device that were asked for.
 * @throws LccError LCC0003, LCC0004, LCC6201, LCC6202, LCC6208
 */
async function chooseTarget({ target: name, backends: asked, device }: CompileOptions): Promise<Target> {
  if (!isTargetName(name)) throw unknownChoice('target', name, Object.keys(targets));
  const target: Target = targets[name];
  const missing = asked?.find((backend) => !target.backends.includes(backend));
  if (missing) throw backendNotInTarget(missing, name, target.backends);
  const backends = asked ? target.backends.filter((backend) => asked.includes(backend)) : target.backends;
  if (device === undefined) return { ...target, backends };
  const profile = await readProfile(device);
  if (!backends.includes('wasm') && !profile.webgpu) throw profileWithoutWebGpu(profile.name);
  return { ...target, backends, profile };
}

/** @throws LccError LCC1017 for a range of sizes */
function sizesOfDims({ dims = {} }: CompileOptions, file: string | undefined): Record<string, number> {
  const sizes = Object.entries(dims).map(([name, size]) => {
    if (typeof size !== 'number') throw rangeNotSupported(file, name, `${size.min} to ${size.max}`);
    return [name, size] as const;
  });
  return Object.fromEntries(sizes);
}

async function readModel(source: Uint8Array | string): Promise<ModelSource> {
  if (typeof source !== 'string') return { bytes: source, file: undefined };
  const bytes = await readFile(source).catch(() => {
    throw modelNotFound(source);
  });
  return { bytes: new Uint8Array(bytes), file: source };
}

/** What the bundle is built from: the file that was named, and those beside it. */
function describeSource({ bytes, file }: ModelSource, parts: readonly ModelFile[] = []): SourceReport {
  const weights = parts.map((part) => ({ file: part.file, bytes: part.bytes.length, sha256: sha256(part.bytes) }));
  const source = { file: file && basename(file), bytes: bytes.length, sha256: sha256(bytes) };
  return weights.length > 0 ? { ...source, weights } : source;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function timedAsync<T>(run: () => Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const start = performance.now();
  const value = await run();
  return { value, ms: performance.now() - start };
}

function timed<T>(run: () => T): { readonly value: T; readonly ms: number } {
  const start = performance.now();
  const value = run();
  return { value, ms: performance.now() - start };
}
