import type { ArenaBuffer, ConstantPool, Location, Program, Step } from '../ir/program.ts';
import type { CallReport } from '../ir/report.ts';

type Call = Extract<Step, { kind: 'call' }>;

/** What `lcc inspect` and report.html say of a program's calls, in order; those that a loop repeats stand once. */
export function reportCalls(program: Program): CallReport[] {
  const calls = callsOf(program.steps);
  const valueAt = (step: number): string | undefined => {
    const written = bufferAt(program, calls[step]?.arguments[0], step);
    if (!written || written.name !== copyName) return written?.name;
    const reader = calls.findIndex((call, i) => i > step && readsBuffer(program, call, i, written));
    return reader < 0 ? copyName : valueAt(reader);
  };
  return calls.map((call, step) => ({
    kernel: call.kernel,
    value: valueAt(step) ?? program.kernels[call.kernel]?.name ?? '',
    constants: constantsOf(program.constants, call),
  }));
}

/** Name of the buffers that 4-lower adds. */
const copyName = 'copy';

const callsOf = (steps: readonly Step[]): Call[] =>
  steps.flatMap((step) => {
    if (step.kind === 'call') return [step];
    return step.count > 0 ? callsOf(step.steps) : [];
  });

/** The buffer that holds a location of the arena during a step. */
const bufferAt = ({ buffers }: Program, at: Location | undefined, step: number): ArenaBuffer | undefined =>
  at?.space === 'arena'
    ? buffers.find(
        ({ offset, bytes, first, last }) =>
          first <= step && step <= last && offset <= at.offset && at.offset < offset + bytes,
      )
    : undefined;

/** Slot 0 is what a call writes. */
const readsBuffer = (program: Program, call: Call, step: number, buffer: ArenaBuffer): boolean =>
  call.arguments.slice(1).some((location) => bufferAt(program, location, step) === buffer);

/** Positions in the pool of what a call reads. */
function constantsOf({ entries }: ConstantPool, { arguments: locations }: Call): number[] {
  const found = locations
    .filter(({ space }) => space === 'constants')
    .map((at) => entries.findIndex(({ offset, bytes }) => offset <= at.offset && at.offset < offset + bytes.length));
  return [...new Set(found)].filter((i) => i >= 0);
}
