import { beforeAll, describe, expect, it } from 'vitest';
import { dtypes, isWide } from '../../../compiler/tensor/dtype.ts';
import { printType } from '../../../compiler/tensor/tensor.ts';
import { describeInBrowser } from '../../harness/browser.ts';
import { arenaElements, differences, opProgram, portTensor } from '../../harness/op-program.ts';
import type { OpCase } from '../../ops/case.ts';
import { opCases } from '../../ops/cases.ts';
import { type GpuResult, runOnGpu } from './run-on-gpu.ts';

/** WGSL promises nothing about NaN and infinity; 64-bit integers travel as 32 bits. */
const fits = ({ inputs, expected, special }: OpCase): boolean =>
  !special &&
  [...inputs, expected].every(({ dtype, data }) => {
    if (!isWide(dtype)) return true;
    const limit = dtypes[dtype].kind === 'signed' ? 2 ** 31 : 2 ** 32;
    return Array.from(data as BigInt64Array, Number).every((x) => Math.abs(x) < limit);
  });

const fitting = opCases.filter(fits);
const suites = [
  { name: 'inputs at run time', constants: false, cases: fitting },
  { name: 'inputs but the first at build time', constants: true, cases: fitting.filter((c) => c.inputs.length > 1) },
];

describeInBrowser('ops on WebGPU', (browser) => {
  for (const { name, constants, cases } of suites) {
    describe(name, () => {
      const programs = cases.map((c) => opProgram(c, constants));
      let results: GpuResult[] = [];
      beforeAll(async () => {
        const tasks = programs.map(({ program, feeds }) => ({
          program,
          feeds: Object.fromEntries(Object.entries(feeds).map(([input, tensor]) => [input, arenaElements(tensor)])),
        }));
        results = await runOnGpu(browser(), tasks);
      });

      cases.forEach((c, i) => {
        it(`${c.op}: ${c.name}`, () => {
          const result = results[i]!;
          if ('error' in result) throw new Error(result.error);
          const port = programs[i]!.program.outputs[0]!;
          const { buffer } = result.outputs.get('y0')!;
          const actual = portTensor(port, buffer as ArrayBuffer, -port.location.offset);
          expect(printType(actual)).toBe(printType(c.expected));
          expect(differences(actual, c.expected, 2e-5)).toEqual([]);
        });
      });
    });
  }
});
