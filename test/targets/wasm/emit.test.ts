import binaryen from 'binaryen';
import { describe, expect, it } from 'vitest';
import type { Program } from '../../../compiler/ir/program.ts';
import type { Expr } from '../../../compiler/kernel/expr.ts';
import { add, cast, constant, div, reduce, sub, unary } from '../../../compiler/kernel/expr.ts';
import { type Axis, addIndex, makeAxis } from '../../../compiler/kernel/index-expr.ts';
import type { NestKernel } from '../../../compiler/kernel/nest.ts';
import { scheduleStore } from '../../../compiler/kernel/schedule.ts';
import { dim } from '../../../compiler/tensor/shape.ts';
import { hashBytes } from '../../../runtime/hash.ts';
import type { WasmExports } from '../../../runtime/wasm.ts';
import { arenaAddress, emitWasm } from '../../../targets/wasm/emit.ts';

/** y = f(x) over `n` floats. */
function map(name: string, n: number, f: (x: Expr) => Expr): NestKernel {
  const i = makeAxis('i', dim(n));
  const x: Expr = { kind: 'fetch', dtype: 'float32', slot: 1, offset: addIndex(i), guards: [], fill: 0 };
  return {
    kind: 'nest',
    name,
    slots: [
      { name: 'y', dtype: 'float32', access: 'write' },
      { name: 'x', dtype: 'float32', access: 'read' },
    ],
    body: [{ kind: 'loop', axis: i, body: [{ kind: 'store', slot: 0, offset: addIndex(i), value: f(x) }] }],
  };
}

const addOne = (name: string, n: number): NestKernel => map(name, n, (x) => add(x, constant('float32', 1)));
const at = (offset: number, bytes = 40) => ({ space: 'arena', offset, bytes }) as const;

function programOf(kernels: Program['kernels'], steps: Program['steps'], more: Partial<Program> = {}): Program {
  const constants = { entries: [], size: 0 };
  return {
    name: 'p',
    kernels,
    steps,
    constants,
    inputs: [],
    outputs: [],
    arenaBytes: 128,
    buffers: [],
    macs: 0,
    ...more,
  };
}

const instantiate = (bytes: BufferSource) => new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;

function isValidWith(bytes: Uint8Array, features: binaryen.Features): boolean {
  const module = binaryen.readBinary(bytes);
  module.setFeatures(features);
  const isValid = module.validate() === 1;
  module.dispose();
  return isValid;
}

describe('modules', () => {
  it('run every step in order, repeats as loops', () => {
    const program = programOf(
      [addOne('one', 10), map('twice', 10, (x) => add(x, x))],
      [
        { kind: 'call', kernel: 0, arguments: [at(0), at(0)] },
        {
          kind: 'repeat',
          count: 3,
          steps: [
            { kind: 'call', kernel: 1, arguments: [at(0), at(0)] },
            { kind: 'repeat', count: 2, steps: [{ kind: 'call', kernel: 0, arguments: [at(0), at(0)] }] },
          ],
        },
      ],
    );
    for (const features of ['scalar', 'simd'] as const) {
      const exports = instantiate(emitWasm(program, features).bytes);
      (exports.run as () => void)();
      expect([...new Float32Array((exports.memory as WebAssembly.Memory).buffer, 0, 11)]).toEqual([
        ...Array.from({ length: 10 }, () => 22),
        0,
      ]);
    }
  });

  it('export memory, run and the hash, and no more', () => {
    const bytes = emitWasm(programOf([addOne('one', 10)], []), 'simd').bytes;
    expect(Object.keys(instantiate(bytes)).sort()).toEqual(['hash', 'hashHigh', 'memory', 'run']);
    expect(WebAssembly.Module.imports(new WebAssembly.Module(bytes))).toEqual([]);
    expect(WebAssembly.Module.customSections(new WebAssembly.Module(bytes), 'name')).toEqual([]);
  });

  it('have exactly the pages they need, none for nothing, and cannot grow', () => {
    const pages = (constants: number, arenaBytes: number) => {
      const program = programOf([], [], { constants: { entries: [], size: constants }, arenaBytes });
      const memory = instantiate(emitWasm(program, 'simd').bytes).memory as WebAssembly.Memory;
      expect(() => memory.grow(1)).toThrow();
      return memory.buffer.byteLength / 65536;
    };
    expect([pages(0, 0), pages(1, 0), pages(65536, 0), pages(65536, 4), pages(65500, 64), pages(0, 65537)]).toEqual([
      0, 1, 1, 2, 2, 2,
    ]);
    expect(arenaAddress(programOf([], [], { constants: { entries: [], size: 65 } }))).toBe(128);
  });

  it('share one function between equal kernels', () => {
    const { kernels } = emitWasm(programOf([addOne('a', 10), addOne('b', 10), addOne('c', 11)], []), 'simd');
    expect(kernels.map(({ name, bytes }) => [name, bytes > 0])).toEqual([
      ['a', true],
      ['b', false],
      ['c', true],
    ]);
  });

  it('say which kernels are vector code', () => {
    const program = programOf([addOne('a', 10), addOne('b', 1)], []);
    expect(emitWasm(program, 'simd').kernels.map((k) => k.isVector)).toEqual([true, false]);
    expect(emitWasm(program, 'scalar').kernels.map((k) => k.isVector)).toEqual([false, false]);
  });

  it('are the same bytes every time', () => {
    const emit = () =>
      emitWasm(programOf([map('e', 33, (x) => unary('exp', x)), addOne('a', 10)], []), 'relaxed').bytes;
    expect(emit()).toEqual(emit());
  });

  it("leave an output that takes its input's place right", () => {
    const [i, k, j] = ['i', 'k', 'j'].map((name) => makeAxis(name, dim(10)));
    const x = (axis: Axis): Expr => ({
      kind: 'fetch',
      dtype: 'float32',
      slot: 1,
      offset: addIndex(axis),
      guards: [],
      fill: 0,
    });
    const e = (axis: Axis) => unary('exp', sub(x(axis), reduce('max', [k!], x(k!))));
    const value = div(e(i!), reduce('sum', [j!], e(j!)));
    const softmax: NestKernel = { ...addOne('softmax', 10), body: scheduleStore([i!], value, 0, addIndex(i!)) };
    const { bytes } = emitWasm(programOf([softmax], [{ kind: 'call', kernel: 0, arguments: [at(0), at(0)] }]), 'simd');
    const exports = instantiate(bytes);
    const data = new Float32Array((exports.memory as WebAssembly.Memory).buffer, 0, 10).map((_, n) => n / 3);
    new Float32Array((exports.memory as WebAssembly.Memory).buffer, 0, 10).set(data);
    (exports.run as () => void)();
    const total = data.reduce((sum, v) => sum + Math.exp(v), 0);
    const result = new Float32Array((exports.memory as WebAssembly.Memory).buffer, 0, 10);
    result.forEach((v, n) => {
      expect(v).toBeCloseTo(Math.exp(data[n]!) / total, 6);
    });
  });

  it('use only the features they promise', () => {
    const kernels = [
      map('cast', 33, (x) => cast('float32', cast('int32', x))),
      map('erf', 33, (x) => unary('erf', x)),
      map('madd', 33, (x) => add({ kind: 'binary', dtype: 'float32', op: 'mul', a: x, b: x }, x)),
    ];
    const program = programOf(kernels, []);
    const { MVP, SIMD128, NontrappingFPToInt, SignExt, RelaxedSIMD } = binaryen.Features;
    const simd = SIMD128 | NontrappingFPToInt | SignExt;
    expect(isValidWith(emitWasm(program, 'scalar').bytes, MVP)).toBe(true);
    expect(isValidWith(emitWasm(program, 'simd').bytes, simd)).toBe(true);
    expect(isValidWith(emitWasm(program, 'relaxed').bytes, simd | RelaxedSIMD)).toBe(true);
  });
});

describe('the hash of a module', () => {
  const { memory, hash, hashHigh } = instantiate(emitWasm(programOf([], []), 'scalar').bytes) as WebAssembly.Exports &
    WasmExports;
  const bytes = new Uint8Array(memory.buffer);
  let state = 1;
  for (let i = 0; i < bytes.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  it.each([0, 4, 8, 12, 4092, 4096, 4100, 4104, 8192, 20_004])('is that of the runtime: %d bytes', (length) => {
    const low = hash(64, length / 4) >>> 0;
    expect([low, hashHigh() >>> 0]).toEqual(hashBytes(bytes.subarray(64, 64 + length)));
  });
});
