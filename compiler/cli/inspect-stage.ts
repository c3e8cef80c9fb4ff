import { describeProof } from '../describe/describe-stage.ts';
import { printTable } from '../describe/table.ts';
import type { StageEvent } from '../ir/bundle.ts';
import type { Graph, ValueId } from '../ir/graph.ts';
import { printGraph } from '../ir/print.ts';
import { printProgram } from '../ir/print-program.ts';
import type { KernelReport } from '../ir/report.ts';
import { printBytes } from '../quantity/bytes.ts';
import { printShare } from '../quantity/share.ts';
import { sizesOf } from '../tensor/shape.ts';

/** What a stage left, for people. */
export function printStage(event: StageEvent): string {
  switch (event.stage) {
    case 'ingest':
      return [...printNotes(event.notes), printGraph(event.graph)].join('');
    case 'compress': {
      const passes = event.passes.map((pass) => `# ${pass.name}: ${pass.changes}\n`);
      return [...passes, ...printNotes(event.notes), printGraph(event.graph)].join('');
    }
    case 'lower':
      return `${printKernels(event.kernels)}\n${printProgram(event.program)}`;
    case 'emit':
      return printTable([...event.files].map(([path, bytes]) => [path, printBytes(bytes.length)]));
    case 'parity':
      return event.proofs.map((proof) => `${describeProof(proof)}\n`).join('');
    default:
      return event satisfies never;
  }
}

const printNotes = (notes: readonly string[]): string[] => notes.map((note) => `# ${note.replaceAll('\n', '\n# ')}\n`);

/** The same as plain data. */
export function describeStageAsJson(event: StageEvent): object {
  const { stage } = event;
  switch (stage) {
    case 'ingest':
      return { stage, notes: event.notes, graph: graphAsJson(event.graph) };
    case 'compress':
      return { stage, passes: event.passes, notes: event.notes, graph: graphAsJson(event.graph) };
    case 'lower': {
      const { macs, arenaBytes: arena, constants, steps } = event.program;
      return { stage, macs, memory: { constants: constants.size, arena }, kernels: event.kernels, steps };
    }
    case 'emit':
      return { stage, files: Object.fromEntries([...event.files].map(([path, bytes]) => [path, bytes.length])) };
    case 'parity':
      return { stage, proofs: event.proofs };
    default:
      return event satisfies never;
  }
}

function graphAsJson(graph: Graph): object {
  const value = (id: ValueId) => {
    const found = graph.values.get(id);
    return found && { id, name: found.name, dtype: found.type.dtype, shape: sizesOf(found.type.shape) };
  };
  return {
    name: graph.name,
    inputs: graph.inputs.map(value),
    constants: [...graph.constants.keys()].map(value),
    nodes: graph.nodes.map(({ op, name, attributes, inputs, outputs }) => ({
      op,
      name,
      attributes,
      inputs,
      outputs: outputs.map(value),
    })),
    outputs: graph.outputs,
  };
}

/** One line per kernel: where it runs, how often, its share of the work, and how it was written. */
export const printKernels = (kernels: readonly KernelReport[]): string =>
  printTable([
    ['backend', 'calls', 'MACs', 'bytes', 'form', 'kernel'],
    ...kernels.map((kernel) => [
      kernel.backend,
      String(kernel.calls),
      printShare(kernel.macShare),
      printBytes(kernel.bytes),
      kernel.form,
      `${kernel.name}  ${kernel.work}`.trimEnd(),
    ]),
  ]);
