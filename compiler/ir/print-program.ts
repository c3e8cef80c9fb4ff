import { printKernel } from '../kernel/print.ts';
import { shapeOf } from '../tensor/shape.ts';
import { printType } from '../tensor/tensor.ts';
import type { Location, PoolEntry, Port, Program, Step } from './program.ts';

/**
 * A program as text: ports and constants with their places, kernels, and the steps of a run. A place is bytes from
 * the start of the constants (c) or of the arena (a):
 *     step 3: 1 "conv+relu [1,8,4,4]" a64+512 <- a0+48, c0+1152
 */
export function printProgram(program: Program): string {
  const { constants, arenaBytes, macs } = program;
  const lines = [
    ...program.inputs.map((port) => `input ${printPort(port)}`),
    ...constants.entries.map(
      (e) =>
        `constant "${e.name}" ${e.dtype} ${e.encoding} ${printPlace('c', e.offset, e.bytes.length)}${printStoredEntry(e)}`,
    ),
    ...program.kernels.flatMap((kernel, i) => `kernel ${i}: ${printKernel(kernel).trimEnd()}`.split('\n')),
    ...printSteps(program, program.steps),
    ...program.outputs.map((port) => `output ${printPort(port)}`),
  ];
  const head = `program "${program.name}": ${macs} multiply-adds, ${constants.size} bytes of constants, arena of ${arenaBytes}`;
  return `${[head, ...lines.map((line) => `  ${line}`)].join('\n')}\n`;
}

const printPort = ({ name, dtype, shape, location }: Port): string =>
  `"${name}" ${printType({ dtype, shape: shapeOf(shape) })} ${printLocation(location)}`;

const printStoredEntry = ({ stored }: PoolEntry): string =>
  stored ? ` decoded from ${stored.name} in ${stored.bytes.length}` : '';

const printPlace = (space: 'c' | 'a', offset: number, bytes: number): string => `${space}${offset}+${bytes}`;

const printLocation = ({ space, offset, bytes }: Location): string =>
  printPlace(space === 'constants' ? 'c' : 'a', offset, bytes);

function printSteps(program: Program, steps: readonly Step[]): string[] {
  return steps.flatMap((step, i) => {
    if (step.kind === 'repeat') {
      return [`step ${i}: ${step.count} times`, ...printSteps(program, step.steps).map((line) => `  ${line}`)];
    }
    const kernel = program.kernels[step.kernel];
    const places = step.arguments.map((location, slot) => ({
      text: printLocation(location),
      isWritten: kernel?.slots[slot]?.access === 'write',
    }));
    const written = places.filter((p) => p.isWritten).map((p) => p.text);
    const read = places.filter((p) => !p.isWritten).map((p) => p.text);
    return [`step ${i}: ${step.kernel} "${kernel?.name}" ${written.join(', ')} <- ${read.join(', ') || 'nothing'}`];
  });
}
