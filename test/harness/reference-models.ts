import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sharedFolder } from './shared.ts';

/** A real model with the outputs that another engine gave for inputs made from a seed. */
export interface ReferenceModel {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly file: string;
  readonly cases: readonly ReferenceCase[];
}

export interface ReferenceCase {
  readonly inputs: ReadonlyMap<string, { readonly dims: readonly number[]; readonly data: Float32Array }>;
  readonly outputs: ReadonlyMap<string, Float32Array>;
}

export const referenceModelNames = ['burn-mnist', 'ultraface-slim-320', 'vittrack'] as const;

interface ReferenceFile {
  readonly cases: readonly {
    readonly seed: number;
    readonly inputs: readonly { name: string; dims: number[]; lo: number; hi: number; first: number[] }[];
    readonly outputs: readonly { name: string; file: string }[];
  }[];
}

/** The model with its reference cases; undefined where the shared folder is absent. */
export function referenceModel(name: string): ReferenceModel | undefined {
  const shared = sharedFolder();
  if (shared === undefined) return undefined;
  const folder = join(shared, 'models');
  const reference: ReferenceFile = JSON.parse(readFileSync(join(folder, `${name}.ref`, 'ref.json'), 'utf8'));
  const file = join(folder, `${name}.onnx`);
  return {
    name,
    file,
    bytes: new Uint8Array(readFileSync(file)),
    cases: reference.cases.map((c) => {
      const draw = mulberry32(c.seed);
      return {
        inputs: new Map(c.inputs.map((input) => [input.name, { dims: input.dims, data: uniform(input, draw) }])),
        outputs: new Map(
          c.outputs.map((output) => [output.name, readFloats(join(folder, `${name}.ref`, output.file))]),
        ),
      };
    }),
  };
}

function uniform(input: { dims: number[]; lo: number; hi: number; first: number[] }, draw: () => number): Float32Array {
  const count = input.dims.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length: count }, () => input.lo + (input.hi - input.lo) * draw());
  if (input.first.some((v, i) => data[i] !== Math.fround(v))) throw new Error('the generator is not the reference one');
  return data;
}

function readFloats(path: string): Float32Array {
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** The generator that the reference inputs were made with. */
function mulberry32(seed: number): () => number {
  let a = seed | 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Largest absolute difference, and the largest absolute value expected. NaN counts as infinitely far. */
export function compare(actual: ArrayLike<number>, expected: ArrayLike<number>): { worst: number; scale: number } {
  if (actual.length !== expected.length) return { worst: Number.POSITIVE_INFINITY, scale: 0 };
  let [worst, scale] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i] ?? Number.NaN, expected[i] ?? Number.NaN];
    const difference = Number.isNaN(a) && Number.isNaN(e) ? 0 : Math.abs(a - e);
    worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(worst, difference);
    scale = Math.max(scale, Math.abs(e));
  }
  return { worst, scale };
}
