import type { StageEvent } from '../ir/bundle.ts';
import type { Proof } from '../ir/report.ts';
import { printBytes } from '../quantity/bytes.ts';
import { printCount, printNumberOf } from '../quantity/count.ts';
import { describeCompression } from './describe-compression.ts';

/** Seconds where milliseconds would fill the column. */
export const printTime = (ms: number): string => (ms < 1e5 ? `${Math.round(ms)} ms` : `${Math.round(ms / 1000)} s`);

/** A summary, then lines with more. */
export function describeStage(event: StageEvent): string[] {
  switch (event.stage) {
    case 'ingest':
      return [printNumberOf(event.graph.nodes.length, 'node'), ...linesOf(event.notes)];
    case 'compress': {
      const changes = event.passes.reduce((sum, pass) => sum + pass.changes, 0);
      const exact = `${printNumberOf(event.graph.nodes.length, 'node')} left by ${printNumberOf(changes, 'change')}`;
      const lossy = event.compression ? describeCompression(event.compression) : [];
      return [exact, ...lossy, ...linesOf(event.notes)];
    }
    case 'lower': {
      const { program } = event;
      const memory = `constants ${printBytes(program.constants.size)}, arena ${printBytes(program.arenaBytes)}`;
      return [`${printNumberOf(program.kernels.length, 'kernel')}, ${printCount(program.macs)} MACs, ${memory}`];
    }
    case 'emit': {
      const bytes = [...event.files.values()].reduce((sum, file) => sum + file.length, 0);
      return [`${printNumberOf(event.files.size, 'file')}, ${printBytes(bytes)}`];
    }
    case 'parity':
      return [printNumberOf(event.proofs.length, 'comparison'), ...event.proofs.map(describeProof)];
    default:
      return event satisfies never;
  }
}

export const describeProof = ({ engine, result }: Proof): string =>
  result.kind === 'agrees'
    ? `${engine} agrees: ${result.worst.toExponential(1)} of ${result.tolerance.toExponential(1)}`
    : `${engine} not proven: ${result.reason}`;

/** A note may have several lines, as the diagnostics do. */
const linesOf = (notes: readonly string[]): string[] => notes.flatMap((note) => note.split('\n'));
