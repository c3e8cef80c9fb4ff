import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { readWholeManifest } from '../6-budget/read-whole-manifest.ts';
import { describeCompression } from '../describe/describe-compression.ts';
import { printTable } from '../describe/table.ts';
import { stageOfBundle, unknownChoice } from '../diagnostics/cli.ts';
import { type CompileOptions, type Stage, type StageEvent, stages } from '../ir/bundle.ts';
import type { Manifest, Report } from '../ir/report.ts';
import { printBytes } from '../quantity/bytes.ts';
import { printCount } from '../quantity/count.ts';
import { defaultTarget, type ModelFlags, parseModelFlags } from '../settings/parse-model-flags.ts';
import { describeStageAsJson, printKernels, printStage } from './inspect-stage.ts';
import type { Io } from './io.ts';
import { withModelFlags } from './model-options.ts';
import type { MakeCommand } from './run.ts';

interface InspectFlags extends ModelFlags {
  readonly after?: string;
  readonly json?: true;
}

const notes = `
Without --after, the ports, the passes that changed something, and the kernels: each wasm kernel is
marked vector or scalar. --after ingest prints the graph as lcc reads it, compress the graph its
passes left, lower the kernels' code and the plan of memory, emit the files, parity the comparisons.
A bundle shows what its lcc.json records.

Examples:
  lcc inspect model.onnx --after ingest
  lcc inspect dist/model`;

export const inspectCommand: MakeCommand = (io, finish) =>
  withModelFlags(
    new Command('inspect')
      .description('Show what a model becomes, stage by stage, or what a bundle holds.')
      .argument('<model or bundle>', 'an .onnx or model.json file, or a folder that lcc build wrote'),
  )
    .option('--after <stage>', `print what comes after one of ${stages.join(', ')}`)
    .option('--json', 'print JSON')
    .addHelpText('after', notes)
    .action(async (name: string, flags: InspectFlags) => {
      const path = resolve(io.cwd, name);
      const isBundle = existsSync(join(path, 'lcc.json'));
      await (isBundle ? inspectBundle(path, flags, io) : inspectModel(path, flags, io));
      finish(0);
    });

async function inspectBundle(folder: string, flags: InspectFlags, io: Io): Promise<void> {
  if (flags.after !== undefined) throw stageOfBundle(folder);
  const manifest = await readWholeManifest(folder);
  io.stdout(flags.json ? printJson(manifest) : `${printReport(manifest)}\n${printFiles(manifest)}`);
}

async function inspectModel(path: string, flags: InspectFlags, io: Io): Promise<void> {
  const after = flags.after === undefined ? undefined : stages.find((stage) => stage === flags.after);
  if (after === undefined && flags.after !== undefined) throw unknownChoice('stage', flags.after, stages);
  const options: CompileOptions = { target: defaultTarget, ...parseModelFlags(flags) };
  const onStage = (event: StageEvent) => {
    if (event.stage === after) io.stdout(flags.json ? printJson(describeStageAsJson(event)) : printStage(event));
  };
  const { compile } = await import('../compile.ts');
  const bundle = await compile(path, { ...options, onStage });
  if (after === undefined) io.stdout(flags.json ? printJson(bundle.report) : printReport(bundle.report));
  else if (isOnlyBuilt(after)) await bundle.files();
}

/** Emitting and parity run when the files are asked for. */
const isOnlyBuilt = (stage: Stage): boolean => stage === 'emit' || stage === 'parity';

const printJson = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`;

function printReport({
  name,
  source,
  target,
  backends,
  inputs,
  outputs,
  memory,
  constants,
  macs,
  passes,
  compression,
  kernels,
}: Report): string {
  const ports = (kind: string, list: Report['inputs']) =>
    list.map((port) => [kind, `"${port.name}" ${port.dtype}[${port.shape.join(',')}]`]);
  const facts = [
    ['model', `${name}, ${source.file ?? 'from bytes'}, ${printBytes(source.bytes)}`],
    ...ports('input', inputs),
    ...ports('output', outputs),
    ['target', `${target}: ${backends.join(', ')}`],
    ['work', `${printCount(macs)} MACs`],
    ['memory', `constants ${printBytes(memory.constants)}, arena ${printBytes(memory.arena)}`],
    ...constants.flatMap(({ name: constant, form, bytes, decodedBytes }) =>
      decodedBytes === undefined
        ? []
        : [['stored', `"${constant}" ${form}, ${printBytes(bytes)}, decoded at load to ${printBytes(decodedBytes)}`]],
    ),
    ...passes.filter((pass) => pass.changes > 0).map((pass) => ['pass', `${pass.name}: ${pass.changes}`]),
  ];
  const lossy = compression ? `${describeCompression(compression).join('\n')}\n\n` : '';
  return `${printTable(facts)}\n${lossy}${printKernels(kernels)}`;
}

function printFiles({ files }: Manifest): string {
  const sizes = Object.entries(files).map(([path, { sizes: s }]) => [
    path,
    ...[s.raw, s.gzip, s.brotli].map(printBytes),
  ]);
  return printTable([['file', 'raw', 'gzip', 'brotli'], ...sizes]);
}
