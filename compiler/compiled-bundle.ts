import type { LoadOptions, Model } from '../runtime/abi.ts';
import { generateAllModules } from './5-emit/generate-code.ts';
import { loadModel } from './5-emit/load-model.ts';
import type { ModelCode } from './5-emit/model-code.ts';
import { NotAvailable, type RunInPage, type SecondOpinion } from './5-emit/parity/engines.ts';
import type { TensorflowFiles } from './5-emit/parity/tensorflow-engine.ts';
import { writeFolder } from './5-emit/write-folder.ts';
import type { Bundle, StageEvent } from './ir/bundle.ts';
import type { Graph } from './ir/graph.ts';
import type { Proof, Report } from './ir/report.ts';
import { version } from './version.ts';

/** A compiled model; emitting and parity run once, when the files are first asked for. */
export interface CompiledModel {
  readonly report: Report;
  readonly code: ModelCode;
  /** before lossy compression */
  readonly original: Graph;
  /** what the model means, before passes */
  readonly meant: Graph;
  readonly onnx: SecondOpinion;
  readonly tensorflow: TensorflowFiles | undefined;
  readonly singleFile: boolean;
  readonly tell: (event: StageEvent) => void;
}

export function makeBundle(model: CompiledModel): Bundle {
  let emitted: Promise<ReadonlyMap<string, Uint8Array>> | undefined;
  const files = () => {
    emitted ??= emitAndProve(model);
    return emitted;
  };
  return {
    report: model.report,
    files,
    write: async (folder) => writeFolder(folder, await files()),
    load: (options?: LoadOptions): Promise<Model> => loadModel(model.code, options),
  };
}

async function emitAndProve(model: CompiledModel): Promise<ReadonlyMap<string, Uint8Array>> {
  const { report, singleFile, original, meant, onnx, tensorflow, tell } = model;
  const started = performance.now();
  const code = generateAllModules(model.code);
  // Printing and bundling weigh much; a model that only runs in this process never loads them.
  const { emitFiles } = await import('./5-emit/emit-bundle.ts');
  const { files, described } = await emitFiles(code, report, { singleFile, version, original });
  const { proveParity } = await import('./5-emit/parity/prove-parity.ts');
  // What describes the files waits for compressors on other threads; the proofs need not.
  const opinions = { onnx, tensorflow, runInPage: runInFreshBrowser };
  const proving = timed(proveParity({ graph: meant, code, files: new Map(files), ...opinions }));
  proving.catch(() => {});
  for (const [path, bytes] of await described) files.set(path, bytes);
  const emit = performance.now() - started;
  tell({ stage: 'emit', ms: emit, files });
  const { value: proofs, ms: parity } = await proving;
  tell({ stage: 'parity', ms: parity, proofs });
  return new Map([...files, ['lcc.measured.json', printMeasured(proofs, { emit, parity })]]);
}

async function timed<T>(work: Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const started = performance.now();
  const value = await work;
  return { value, ms: performance.now() - started };
}

/** lcc.measured.json: what this machine saw. */
function printMeasured(proofs: readonly Proof[], milliseconds: Readonly<Record<string, number>>): Uint8Array {
  const machine = { node: process.versions.node, platform: process.platform, cpu: process.arch };
  return new TextEncoder().encode(`${JSON.stringify({ machine, milliseconds, proofs }, null, 2)}\n`);
}

/** A software GPU can take minutes over a large model; a build does not wait for it. */
const pageLimit = 10_000;

const runInFreshBrowser: RunInPage = async (page) => {
  const { findBrowser, launchBrowser, runInPage } = await import('./6-budget/browser/index.ts');
  const found = await findBrowser().catch((error: Error) => {
    throw new NotAvailable(error.message.split('\n', 1)[0] ?? '');
  });
  const browser = await launchBrowser({ browser: found });
  const started = performance.now();
  try {
    return await runInPage(browser, { ...page, timeout: pageLimit });
  } catch (error) {
    const isLate = performance.now() - started >= pageLimit;
    throw isLate ? new NotAvailable(`the browser gave no answer within ${pageLimit / 1000} s`) : error;
  } finally {
    await browser.close();
  }
};
