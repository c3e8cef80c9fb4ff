import { emitBundle } from '../../compiler/5-emit/emit-bundle.ts';
import { generateAllModules, generateCode } from '../../compiler/5-emit/generate-code.ts';
import { reportCalls } from '../../compiler/5-emit/report-calls.ts';
import { readManifest } from '../../compiler/6-budget/read-bundle.ts';
import type { Program } from '../../compiler/ir/program.ts';
import type { Manifest } from '../../compiler/ir/report.ts';
import type { Target } from '../../targets/target.ts';
import { emptyGraph, reportOf, withFolder } from './bundle-folder.ts';

/** The folder of a program's bundle, with its calls and kernels in the manifest, while `use` runs. */
export async function withBundleOf<Result>(
  program: Program,
  target: Target,
  use: (folder: string, manifest: Manifest) => Promise<Result>,
  singleFile = false,
): Promise<Result> {
  const { code, kernels } = generateCode(program, target);
  const ports = ({ name, dtype, shape }: Program['inputs'][number]) => ({ name, dtype, shape });
  const report = {
    ...reportOf(code),
    backends: target.backends,
    inputs: program.inputs.map(ports),
    kernels,
    calls: reportCalls(program),
  };
  const options = { singleFile, version: '0.0.0', original: emptyGraph };
  const files = await emitBundle(generateAllModules(code), report, options);
  return withFolder(files, async (folder) => use(folder, await readManifest(folder)));
}
