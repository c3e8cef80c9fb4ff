import { describe, expect, it } from 'vitest';
import { lower } from '../../compiler/4-lower/lower.ts';
import { reportCalls } from '../../compiler/5-emit/report-calls.ts';
import type { Program } from '../../compiler/ir/program.ts';
import { smallNetwork } from '../harness/small-network.ts';

describe('calls', () => {
  it('name the value they compute, copies that of their reader, and the constants they read', () => {
    const program = lower(smallNetwork());
    const calls = reportCalls(program);
    expect(
      calls.map(({ value, constants }) => [value, constants.map((i) => program.constants.entries[i]!.name)]),
    ).toEqual([
      ['relu_4', []],
      ['relu_4', []],
      ['relu_4', ['conv.w']],
      ['relu_9', ['hidden.w']],
      ['out', ['out.w']],
    ]);
    expect(calls.map(({ kernel }) => program.kernels[kernel]!.name).at(-1)).toContain('linear');
  });

  it('stand once where a loop repeats them, not at all where it never does', () => {
    const call = { kind: 'call', kernel: 0, arguments: [] } as const;
    const steps: Program['steps'] = [
      call,
      { kind: 'repeat', count: 3, steps: [call, { kind: 'repeat', count: 2, steps: [{ ...call, kernel: 1 }] }] },
      { kind: 'repeat', count: 0, steps: [call] },
    ];
    const program = { ...lower(smallNetwork()), steps, buffers: [] };
    expect(reportCalls(program).map(({ kernel }) => kernel)).toEqual([0, 0, 1]);
    expect(reportCalls(program)[0]!.value).toBe(program.kernels[0]!.name);
  });
});
