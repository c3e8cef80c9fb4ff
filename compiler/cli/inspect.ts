import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { printByteCount } from '../6-budget/byte-count.ts';
import { readManifest } from '../6-budget/read-bundle.ts';
import { unknownChoice } from '../diagnostics/cli.ts';
import {
  type CompileOptions,
  type KernelReport,
  type Manifest,
  type Stage,
  type StageEvent,
  stages,
} from '../ir/bundle.ts';
import { printGraph } from '../ir/print.ts';
import type { Io } from './io.ts';
import { defaultTarget, type ModelFlags, parseModelFlags, withModelFlags } from './model-options.ts';
import { describeProof, printMacs } from './progress.ts';
import type { MakeCommand } from './run.ts';
import { printTable } from './table.ts';

interface InspectFlags extends ModelFlags {
  readonly after: string;
  readonly json?: true;
}

const notes = `
After ingest comes the graph as lcc reads it, after compress the graph its passes left, after lower
the kernels, after emit the files, after parity the comparisons. A bundle shows what its lcc.json
records.

Examples:
  lcc inspect model.onnx --after ingest
  lcc inspect dist/model`;

export const inspectCommand: MakeCommand = (io, finish) =>
  withModelFlags(
    new Command('inspect')
      .description('Show what a model becomes, stage by stage, or what a bundle holds.')
      .argument('<model or bundle>', 'an .onnx file, or a folder that lcc build wrote'),
  )
    .option('--after <stage>', `print what comes after one of ${stages.join(', ')}`, 'lower')
    .addHelpText('after', notes)
    .action(async (name: string, flags: InspectFlags) => {
      const path = resolve(io.cwd, name);
      if (existsSync(join(path, 'lcc.json'))) io.stdout(printManifest(await readManifest(path)));
      else await inspectModel(path, flags, io);
      finish(0);
    });

async function inspectModel(path: string, flags: InspectFlags, io: Io): Promise<void> {
  const after = stages.find((stage) => stage === flags.after);
  if (after === undefined) throw unknownChoice('stage', flags.after, stages);
  const options: CompileOptions = { target: defaultTarget, ...parseModelFlags(flags) };
  const onStage = (event: StageEvent) => {
    if (event.stage === after) io.stdout(printStage(event));
  };
  const { compile } = await import('../compile.ts');
  const bundle = await compile(path, { ...options, onStage });
  if (isOnlyBuilt(after)) await bundle.files();
}

/** Emitting and parity run when the files are asked for. */
const isOnlyBuilt = (stage: Stage): boolean => stage === 'emit' || stage === 'parity';

function printStage(event: StageEvent): string {
  switch (event.stage) {
    case 'ingest':
      return [...event.notes.map((note) => `# ${note}\n`), printGraph(event.graph)].join('');
    case 'compress':
      return [...event.passes.map((pass) => `# ${pass.name}: ${pass.changes}\n`), printGraph(event.graph)].join('');
    case 'lower':
      return printKernels(event.kernels);
    case 'emit':
      return printTable([...event.files].map(([path, bytes]) => [path, printByteCount(bytes.length)]));
    case 'parity':
      return event.proofs.map((proof) => `${describeProof(proof)}\n`).join('');
    default:
      return event satisfies never;
  }
}

const printKernels = (kernels: readonly KernelReport[]): string =>
  printTable([
    ['backend', 'calls', 'MACs', 'bytes', 'form', 'kernel'],
    ...kernels.map((kernel) => [
      kernel.backend,
      String(kernel.calls),
      `${(100 * kernel.macShare).toFixed(1)}%`,
      printByteCount(kernel.bytes),
      kernel.form,
      `${kernel.name}  ${kernel.work}`.trimEnd(),
    ]),
  ]);

function printManifest(manifest: Manifest): string {
  const { name, source, target, backends, memory, macs, files, passes, kernels } = manifest;
  const facts = [
    ['model', `${name}, ${source.file ?? 'from bytes'}, ${printByteCount(source.bytes)}`],
    ['target', `${target}: ${backends.join(', ')}`],
    ['work', printMacs(macs)],
    ['memory', `constants ${printByteCount(memory.constants)}, arena ${printByteCount(memory.arena)}`],
    ...passes.filter((pass) => pass.changes > 0).map((pass) => ['pass', `${pass.name}: ${pass.changes}`]),
  ];
  const sizes = Object.entries(files).map(([path, { sizes: s }]) => [
    path,
    ...[s.raw, s.gzip, s.brotli].map(printByteCount),
  ]);
  const blocks = [printTable(facts), printTable([['file', 'raw', 'gzip', 'brotli'], ...sizes]), printKernels(kernels)];
  return blocks.join('\n');
}
