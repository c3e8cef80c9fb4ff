import { beforeAll, expect, it } from 'vitest';
import { lower } from '../../../compiler/4-lower/lower.ts';
import { GraphBuilder } from '../../../compiler/ir/build.ts';
import type { Program } from '../../../compiler/ir/program.ts';
import { isFloat, isWide } from '../../../compiler/tensor/dtype.ts';
import { elementCount } from '../../../compiler/tensor/shape.ts';
import type { Tensor } from '../../../compiler/tensor/tensor.ts';
import { describeInBrowser } from '../../harness/browser.ts';
import type { ArenaFeeds } from '../../harness/evaluate-program.ts';
import type { OpCase } from '../../ops/case.ts';
import { opCases } from '../../ops/cases.ts';
import { type GpuElements, type GpuResult, runOnGpu } from './run-on-gpu.ts';

/** WGSL promises nothing about NaN and infinity; 64-bit integers travel as 32 bits; other floats are rounded by the runtime. */
const fits = ({ inputs, expected, special }: OpCase): boolean =>
  !special &&
  [...inputs, expected].every(({ dtype, data }) => {
    if (isFloat(dtype)) return dtype === 'float32';
    return !isWide(dtype) || Array.from(data as BigInt64Array, Number).every((x) => Math.abs(x) < 2 ** 31);
  });

const cases = opCases.filter(fits);

function programOf({ op, name, inputs, attributes }: OpCase): Program {
  const builder = new GraphBuilder(name);
  const ids = inputs.map((tensor, i) => builder.input(`x${i}`, tensor));
  builder.output('y', builder.add(op, ids, attributes));
  return lower(builder.build());
}

const arenaArray = ({ dtype, data }: Tensor): GpuElements => {
  const values = Array.from(data as ArrayLike<number | bigint>, Number);
  if (isFloat(dtype)) return Float32Array.from(values);
  return dtype.startsWith('uint') ? Uint32Array.from(values) : Int32Array.from(values);
};

const feedsOf = ({ inputs }: OpCase): ArenaFeeds =>
  Object.fromEntries(inputs.map((tensor, i) => [`x${i}`, arenaArray(tensor)]));

function differences(actual: GpuElements, expected: Tensor): string[] {
  const wanted = Array.from(expected.data as ArrayLike<number | bigint>, Number);
  return wanted.flatMap((want, i) => {
    const got = actual[i]!;
    const isClose = isFloat(expected.dtype) && Math.abs(got - want) <= 8e-6 * Math.max(1, Math.abs(want));
    return got === want || isClose ? [] : [`[${i}] ${got} instead of ${want}`];
  });
}

describeInBrowser('ops on WebGPU', (browser) => {
  let results: GpuResult[] = [];
  beforeAll(async () => {
    results = await runOnGpu(
      browser(),
      cases.map((c) => ({ program: programOf(c), feeds: feedsOf(c) })),
      600_000,
    );
  }, 600_000);

  cases.forEach((c, i) => {
    it(`${c.op}: ${c.name}`, () => {
      const result = results[i]!;
      if ('error' in result) throw new Error(result.error);
      const actual = result.outputs.get('y')!;
      expect(actual.length).toBe(elementCount(c.expected.shape));
      expect(differences(actual, c.expected)).toEqual([]);
    });
  });
});
