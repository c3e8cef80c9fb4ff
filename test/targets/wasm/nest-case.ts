import { expect } from 'vitest';
import { type Expr, load } from '../../../compiler/kernel/expr.ts';
import { type Axis, makeAxis } from '../../../compiler/kernel/index-expr.ts';
import type { NestKernel } from '../../../compiler/kernel/nest.ts';
import { nestOfMeaning } from '../../../compiler/kernel/schedule.ts';
import type { DType } from '../../../compiler/tensor/dtype.ts';
import { dim, elementCount, rowMajorStrides, shapeOf } from '../../../compiler/tensor/shape.ts';
import type { WasmFeatures } from '../../../targets/target.ts';
import { type Buffer, evaluateNest, runNest, worstError } from './run-nest.ts';

export interface Input {
  readonly sizes: readonly number[];
  readonly dtype?: DType;
  readonly values?: (i: number) => number;
}

const arrayOf = (dtype: DType, length: number): Buffer =>
  dtype === 'float32'
    ? new Float32Array(length)
    : dtype === 'uint32'
      ? new Uint32Array(length)
      : new Int32Array(length);

export const pseudo = (i: number): number => Math.fround((((i * 7919 + 13) % 2003) / 1001 - 1) * 3);

/** Kernel and buffers of a meaning over row-major inputs. */
export function caseOf(
  sizes: readonly number[],
  inputs: readonly Input[],
  value: (axes: Axis[], x: (i: number, index: Parameters<typeof load>[1], fill?: number) => Expr) => Expr,
  out?: DType,
): { kernel: NestKernel; buffers: Buffer[] } {
  const axes = sizes.map((n, i) => makeAxis(`i${i}`, dim(n)));
  const e = value(axes, (i, index, fill) =>
    load({ id: i, dtype: inputs[i]!.dtype ?? 'float32', sizes: inputs[i]!.sizes }, index, fill),
  );
  const dtype = out ?? e.dtype;
  const placement = (slot: number, s: readonly number[]) => ({ slot, offset: 0, strides: rowMajorStrides(shapeOf(s)) });
  const kernel = nestOfMeaning(
    'case',
    [
      { name: 'y', dtype, access: 'write' },
      ...inputs.map((x, i) => ({ name: `x${i}`, dtype: x.dtype ?? 'float32', access: 'read' as const })),
    ],
    { axes, value: e },
    (source) => placement(source + 1, inputs[source]!.sizes),
    placement(0, sizes),
  );
  const buffers = [
    arrayOf(dtype, elementCount(shapeOf(sizes))),
    ...inputs.map((x) => {
      const b = arrayOf(x.dtype ?? 'float32', elementCount(shapeOf(x.sizes)));
      for (let i = 0; i < b.length; i++)
        b[i] = (
          x.values ??
          (x.dtype && x.dtype !== 'float32'
            ? (j: number) =>
                x.dtype === 'bool' ? (j % 3 === 0 ? 1 : 0) : ((j * 37) % 101) - (x.dtype === 'int32' ? 50 : 0)
            : pseudo)
        )(i);
      return b;
    }),
  ];
  return { kernel, buffers };
}

export const all: WasmFeatures[] = ['scalar', 'simd', 'relaxed'];

export function check(c: { kernel: NestKernel; buffers: Buffer[] }, tolerance = 0, isVector = true): void {
  const want = evaluateNest(c.kernel, c.buffers)[0]!;
  for (const features of all) {
    const run = runNest(c.kernel, c.buffers, features);
    expect({
      features,
      worst: worstError(run.buffers[0]!, want) <= tolerance,
      contained: run.isContained,
      isVector: run.facts.isVector,
      error: worstError(run.buffers[0]!, want),
    }).toMatchObject({ features, worst: true, contained: true, isVector: isVector && features !== 'scalar' });
    expect(run.buffers.slice(1)).toEqual(c.buffers.slice(1));
  }
}
export const ulp = 2 ** -23;
