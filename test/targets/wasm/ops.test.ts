import { setFlagsFromString } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { lower } from '../../../compiler/4-lower/lower.ts';
import type { Graph, Value } from '../../../compiler/ir/graph.ts';
import type { Port } from '../../../compiler/ir/program.ts';
import { isFloat, isWide } from '../../../compiler/tensor/dtype.ts';
import type { Tensor } from '../../../compiler/tensor/tensor.ts';
import type { WasmFeatures } from '../../../targets/target.ts';
import { arenaAddress, emitWasm } from '../../../targets/wasm/emit.ts';
import type { OpCase } from '../../ops/case.ts';
import { opCases } from '../../ops/cases.ts';

setFlagsFromString('--experimental-wasm-relaxed-simd');

function graphOf({ op, name, inputs, attributes, expected }: OpCase): Graph {
  const types = [...inputs, expected];
  const values = types.map(
    ({ dtype, shape }, id): Value => ({ id, name: id < inputs.length ? `x${id}` : 'y', type: { dtype, shape } }),
  );
  const ids = inputs.map((_, id) => id);
  return {
    name,
    values: new Map(values.map((v) => [v.id, v])),
    constants: new Map(),
    inputs: ids,
    outputs: [{ name: 'y', value: inputs.length }],
    nodes: [{ op, name: 'node', attributes, inputs: ids, outputs: [inputs.length] }],
  };
}

/** A port's elements in a module's memory. */
function view(memory: ArrayBuffer, arena: number, { dtype, location }: Port): Float32Array | Int32Array | Uint32Array {
  const [start, length] = [arena + location.offset, location.bytes / 4];
  if (isFloat(dtype)) return new Float32Array(memory, start, length);
  return dtype.startsWith('uint') ? new Uint32Array(memory, start, length) : new Int32Array(memory, start, length);
}

function runCase(c: OpCase, features: WasmFeatures): ArrayLike<number> {
  const program = lower(graphOf(c));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(emitWasm(program, features).bytes));
  const memory = (exports.memory as WebAssembly.Memory).buffer;
  const arena = arenaAddress(program);
  new Float32Array(memory).fill(Number.NaN);
  for (const { offset, bytes } of program.constants.entries) new Uint8Array(memory).set(bytes, offset);
  program.inputs.forEach((port) => {
    const tensor = c.inputs[Number(port.name.slice(1))]!;
    view(memory, arena, port).set(Array.from(tensor.data as ArrayLike<number | bigint>, Number));
  });
  (exports.run as () => void)();
  return view(memory, arena, program.outputs[0]!);
}

function differences(actual: ArrayLike<number>, expected: Tensor): string[] {
  const wanted = Array.from(expected.data as ArrayLike<number | bigint>, Number);
  return wanted.flatMap((want, i) => {
    const got = actual[i]!;
    const isSame = Object.is(got, want) || got === want;
    const isClose = isFloat(expected.dtype) && Math.abs(got - want) <= 4e-6 * Math.max(1, Math.abs(want));
    return isSame || isClose ? [] : [`[${i}] ${got} instead of ${want}`];
  });
}

/** int64 and uint64 travel as 32 bits; types of other widths than float32 are rounded at the edge by the runtime. */
const fits = ({ inputs, expected }: OpCase): boolean =>
  [...inputs, expected].every(({ dtype, data }) => {
    if (dtype.startsWith('float') || dtype === 'bfloat16') return dtype === 'float32';
    if (!isWide(dtype)) return true;
    return Array.from(data as BigInt64Array, Number).every((x) => Math.abs(x) < 2 ** 31);
  });

describe('ops on wasm', () => {
  for (const features of ['scalar', 'simd', 'relaxed'] as const) {
    describe(features, () => {
      for (const c of opCases.filter(fits)) {
        it(`${c.op}: ${c.name}`, () => expect(differences(runCase(c, features), c.expected)).toEqual([]));
      }
    });
  }
});
