import binaryen from 'binaryen';

/**
 * Of the calibration kernels. Rates compare only while these stay what they are: a change of any kernel, shader or count
 * makes another version.
 */
export const kernelsVersion = 1;

/** Terms of every sum. */
const depth = 256;
const rows = 4;
/** Columns of the float tile: two vectors; of the integer tile: two accumulators of two columns each. */
const columns = { float: 8, integer: 4 };

/** Multiply-adds that one iteration of a kernel does. */
export const multiplyAdds = {
  float: rows * columns.float * depth,
  integer: rows * columns.integer * depth,
} as const;

/** Bytes into the module's memory; what lies there, k-major. */
export const places = {
  /** f32 [256, 4] */
  floatA: 0,
  /** f32 [256, 8] */
  floatB: 4096,
  /** f32 [4, 8]: the sums of all iterations */
  floatC: 12288,
  /** i16 [64, 4, 4]: groups of four k, then rows */
  integerA: 16384,
  /** i8 [64, 4, 4]: groups of four k, then columns */
  integerB: 20480,
  /** i32 [4, 2, 4]: rows, pairs of columns, then two partial sums of each column */
  integerC: 24576,
  /** where `read` begins */
  read: 65536,
} as const;

/** Bytes that `read` may go through: more than the caches of phones and of most servers hold. */
export const readableBytes = 64 << 20;
const pageBytes = 65536;

/** Steps of k in the body of a tile's loop. */
const unrolled = 4;
const halves = [0, 1] as const;
const rowIndices = Array.from({ length: rows }, (_, row) => row);
const tileSums = rowIndices.flatMap((row) => halves.map((half) => ({ row, half, name: `$sum${row}${half}` })));

/** The 4x8 tile of lcc's float32 kernels from the first cache: two columns' vectors, four splats, eight sums. */
function floatStep(step: number): string {
  const k = (stride: number) => step * stride;
  return [
    ...halves.map((h) => `(local.set $b${h} (v128.load offset=${k(32) + 16 * h} (local.get $b)))`),
    ...rowIndices.flatMap((row) => [
      `(local.set $a0 (v128.load32_splat offset=${k(16) + 4 * row} (local.get $a)))`,
      ...halves.map(
        (h) =>
          `(local.set $sum${row}${h} (f32x4.add (local.get $sum${row}${h}) (f32x4.mul (local.get $a0) (local.get $b${h}))))`,
      ),
    ]),
  ].join('\n');
}

/** The portable int8 tile: bytes widened on load, i32x4.dot_i16x8_s, four k per group. */
function integerStep(step: number): string {
  return [
    ...halves.map((h) => `(local.set $b${h} (v128.load8x8_s offset=${16 * step + 8 * h} (local.get $b)))`),
    ...rowIndices.flatMap((row) => [
      `(local.set $a0 (v128.load64_splat offset=${32 * step + 8 * row} (local.get $a)))`,
      ...halves.map(
        (h) =>
          `(local.set $sum${row}${h} (i32x4.add (local.get $sum${row}${h}) (i32x4.dot_i16x8_s (local.get $b${h}) (local.get $a0))))`,
      ),
    ]),
  ].join('\n');
}

interface TileKernel {
  readonly name: string;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  /** bytes that one step moves by in A and in B, and how many steps A has */
  readonly stride: { readonly a: number; readonly b: number };
  readonly steps: number;
  readonly body: (step: number) => string;
}

/** Sums over all iterations stay in registers and are stored once: nothing can be left out. */
function tileKernel({ name, a, b, c, stride, steps, body }: TileKernel): string {
  return `
(func (export "${name}") (param $iterations i32)
  (local $a i32) (local $b i32) (local $a0 v128) (local $b0 v128) (local $b1 v128)
  ${tileSums.map((sum) => `(local ${sum.name} v128)`).join(' ')}
  (loop $again
    (local.set $a (i32.const ${a}))
    (local.set $b (i32.const ${b}))
    (loop $along
      ${Array.from({ length: unrolled }, (_, step) => body(step)).join('\n')}
      (local.set $b (i32.add (local.get $b) (i32.const ${unrolled * stride.b})))
      (local.set $a (i32.add (local.get $a) (i32.const ${unrolled * stride.a})))
      (br_if $along (i32.lt_u (local.get $a) (i32.const ${a + steps * stride.a}))))
    (local.set $iterations (i32.sub (local.get $iterations) (i32.const 1)))
    (br_if $again (local.get $iterations)))
  ${tileSums.map((sum, i) => `(v128.store offset=${c + 16 * i} (i32.const 0) (local.get ${sum.name}))`).join('\n')})`;
}

const loadsPerStep = 8;
const readSums = [0, 1, 2, 3].map((i) => `$sum${i}`);

/** Adds up all bytes from `places.read` on as 32-bit words, modulo 2^32; `bytes` is a multiple of 128. */
const readKernel = `
(func (export "read") (param $bytes i32) (param $passes i32) (result i32)
  (local $at i32) (local $end i32) ${readSums.map((sum) => `(local ${sum} v128)`).join(' ')}
  (local.set $end (i32.add (i32.const ${places.read}) (local.get $bytes)))
  (loop $again
    (local.set $at (i32.const ${places.read}))
    (loop $along
      ${Array.from({ length: loadsPerStep }, (_, i) => {
        const sum = readSums[i % readSums.length];
        return `(local.set ${sum} (i32x4.add (local.get ${sum}) (v128.load offset=${16 * i} (local.get $at))))`;
      }).join('\n')}
      (br_if $along (i32.lt_u
        (local.tee $at (i32.add (local.get $at) (i32.const ${16 * loadsPerStep})))
        (local.get $end))))
    (local.set $passes (i32.sub (local.get $passes) (i32.const 1)))
    (br_if $again (local.get $passes)))
  ${readSums
    .slice(1)
    .map((sum) => `(local.set $sum0 (i32x4.add (local.get $sum0) (local.get ${sum})))`)
    .join('\n')}
  ${[1, 2, 3].reduce(
    (total, lane) => `(i32.add ${total} (i32x4.extract_lane ${lane} (local.get $sum0)))`,
    '(i32x4.extract_lane 0 (local.get $sum0))',
  )})`;

/** Exports `memory`, `float(iterations)`, `integer(iterations)` and `read(bytes, passes)`; counts are 1 at least. */
export const kernelsText = `(module
(memory (export "memory") ${1 + readableBytes / pageBytes})
${tileKernel({
  name: 'float',
  a: places.floatA,
  b: places.floatB,
  c: places.floatC,
  stride: { a: 4 * rows, b: 4 * columns.float },
  steps: depth,
  body: floatStep,
})}
${tileKernel({
  name: 'integer',
  a: places.integerA,
  b: places.integerB,
  c: places.integerC,
  stride: { a: 8 * rows, b: 4 * columns.integer },
  steps: depth / 4,
  body: integerStep,
})}
${readKernel}
)`;

/** The kernels as a module that any engine with 128-bit SIMD runs. */
export const calibrationModule = (): Uint8Array<ArrayBuffer> => assemble(kernelsText);

/** Not optimised: the engine sees what the text says. */
export function assemble(text: string): Uint8Array<ArrayBuffer> {
  const module = binaryen.parseText(text);
  try {
    module.setFeatures(binaryen.Features.SIMD128);
    if (!module.validate()) throw new Error('internal: calibration kernels are not valid');
    return new Uint8Array(module.emitBinary());
  } finally {
    module.dispose();
  }
}
