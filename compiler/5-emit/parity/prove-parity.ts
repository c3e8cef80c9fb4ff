import { parityFailed } from '../../diagnostics/build.ts';
import type { Graph } from '../../ir/graph.ts';
import type { Proof } from '../../ir/report.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { ModelCode } from '../model-code.ts';
import { compareResults, type Deviation } from './compare.ts';
import { type CodeTies, measureCodeTies } from './dither.ts';
import {
  type Engine,
  NotAvailable,
  onnxRuntimeEngine,
  type Results,
  type RunInPage,
  type SecondOpinion,
  wasmEngine,
  webGpuEngine,
} from './engines.ts';
import { makeFeeds } from './make-feeds.ts';
import { findNearTies, type NearTies } from './near-ties.ts';
import { evaluateReferences, type Reference } from './reference.ts';
import { type TensorflowFiles, tensorflowEngine } from './tensorflow-engine.ts';

export interface ParityRequest {
  /** what the model means, before any pass that keeps its outputs */
  readonly graph: Graph;
  readonly code: ModelCode;
  /** the emitted bundle */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** the model file, for onnxruntime-web; undefined where that cannot read it */
  readonly onnx: SecondOpinion;
  /** the files of a TensorFlow.js model, where they mean what is proven */
  readonly tensorflow?: TensorflowFiles | undefined;
  /** undefined where there is no browser */
  readonly runInPage: RunInPage | undefined;
}

/**
 * Runs every module and backend of a bundle, onnxruntime-web, and tfjs where the model is one of its own, on one set of feeds and compares them with the
 * evaluator (design: Parity). @throws LccError LCC5002, exit code 3, when one that runs disagrees
 */
export async function proveParity(request: ParityRequest): Promise<Proof[]> {
  const { graph, code, files } = request;
  const feeds = makeFeeds(graph);
  const index = new TextDecoder().decode(files.get('index.js'));
  const engines: Engine[] = code.wasm.map((module) => wasmEngine(code, module, index));
  if (code.webgpu) engines.push(webGpuEngine(code, files, request.runInPage));
  engines.push(onnxRuntimeEngine(request.onnx));
  const names = graph.outputs.map(({ name }) => name);
  if (request.tensorflow) engines.push(tensorflowEngine(request.tensorflow, names));
  // Other processes compute while this one evaluates.
  const runs = engines.map((engine) => settle(engine, feeds));
  const references = evaluateReferences(graph, feeds);
  const judge = new Judge(graph, feeds, references);
  const proofs: Proof[] = [];
  for (const [i, run] of runs.entries()) {
    const engine = engines[i];
    if (!engine) continue;
    const outcome = await run;
    if (outcome instanceof NotAvailable) {
      proofs.push({ engine: engine.name, result: { kind: 'not proven', reason: outcome.message } });
      continue;
    }
    if (outcome instanceof Error) throw parityFailed(graph.name, engine.name, [`it failed: ${outcome.message}`]);
    proofs.push({ engine: engine.name, result: judge.compare(engine, outcome) });
  }
  return proofs;
}

/** The outcome of a run as a value, so that no rejection waits unheard. */
const settle = (engine: Engine, feeds: ReadonlyMap<string, Tensor>): Promise<Results | Error> =>
  engine.run(feeds).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));

class Judge {
  private readonly graph: Graph;
  private readonly feeds: ReadonlyMap<string, Tensor>;
  private readonly references: readonly Reference[];
  private ties: NearTies | undefined;
  private codeTies: CodeTies | undefined;

  constructor(graph: Graph, feeds: ReadonlyMap<string, Tensor>, references: readonly Reference[]) {
    this.graph = graph;
    this.feeds = feeds;
    this.references = references;
  }

  compare(engine: Engine, results: Results): Proof['result'] {
    const known = engine.known?.(this.graph);
    const deviations = compareResults(this.references, results).map((d) => orKnown(d, known?.get(d.output)));
    const beyond = deviations.filter((d) => !d.isWithin);
    const within = deviations.filter((d) => d.isWithin);
    const { worst, tolerance } = worstOf(within);
    if (beyond.length === 0) return { kind: 'agrees', worst, tolerance };
    this.ties ??= findNearTies(this.graph, this.feeds);
    this.codeTies ??= measureCodeTies(this.graph, this.feeds, this.references);
    const { nodes, outputs } = this.ties;
    const { tolerances } = this.codeTies;
    const moved = beyond
      .map((d) => ({ ...d, tolerance: tolerances.get(d.output) ?? 0 }))
      .filter((d) => Math.abs(d.found - d.expected) <= d.tolerance);
    const faults = beyond.filter((d) => !outputs.has(d.output) && !moved.some((m) => m.output === d.output));
    if (faults.length > 0) throw parityFailed(this.graph.name, engine.name, faults.map(printDeviation));
    const excused = moved.length > 0 ? [...nodes, ...this.codeTies.nodes] : nodes;
    return { kind: 'agrees', ...worstOf([...within, ...moved]), excused };
  }
}

/** What the engine is known for, where the output has more than its own tolerance. */
function orKnown(deviation: Deviation, error: number | undefined): Deviation {
  if (error === undefined || deviation.isWithin) return deviation;
  const isWithin = Math.abs(deviation.found - deviation.expected) <= error;
  return isWithin ? { ...deviation, tolerance: error, isWithin } : deviation;
}

const printDeviation = ({ output, index, expected, found, tolerance }: Deviation): string =>
  `output "${output}"[${index}]: ${found} where the evaluator has ${expected} (tolerance ${tolerance})`;

/** The difference that uses most of its tolerance. */
function worstOf(deviations: readonly Deviation[]): { readonly worst: number; readonly tolerance: number } {
  let chosen = { worst: 0, tolerance: 0 };
  let largestShare = -1;
  for (const { expected, found, tolerance } of deviations) {
    const worst = Math.abs(expected - found) || 0;
    const share = worst === 0 ? 0 : worst / tolerance;
    if (share <= largestShare) continue;
    largestShare = share;
    chosen = { worst: Number.isFinite(worst) ? worst : 0, tolerance };
  }
  return chosen;
}
