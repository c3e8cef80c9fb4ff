import { assemble } from './kernels.ts';

/**
 * A module of about 300 KB whose functions are like those that lcc emits: tiles of different sizes, depths and ends, and
 * loops over elements. Its text is the same every time.
 */
const functionCount = 720;

/** Numbers from 0 to limit - 1, the same sequence every time. */
function makeSequence(): (limit: number) => number {
  let state = 12345;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) % limit;
  };
}

const sumsOf = (rows: number, vectors: number) =>
  Array.from({ length: rows }, (_, row) =>
    Array.from({ length: vectors }, (_, vector) => ({ row, vector, name: `$s${row}${vector}` })),
  ).flat();

const ends = [
  (sum: string) => sum,
  (sum: string) => `(f32x4.pmax (v128.const i32x4 0 0 0 0) ${sum})`,
  (sum: string) => `(f32x4.min (v128.const f32x4 6 6 6 6) (f32x4.max (v128.const i32x4 0 0 0 0) ${sum}))`,
  (sum: string) => `(f32x4.div ${sum} (f32x4.add (v128.const f32x4 1 1 1 1) (f32x4.abs ${sum})))`,
] as const;

/** (a, b, c, count): c [rows, 4 vectors] = end(sum over count * depth of a times b). */
function tileFunction(name: string, pick: (limit: number) => number): string {
  const sums = sumsOf(1 + pick(4), 1 + pick(2));
  const depth = 2 + pick(5);
  const end = ends[pick(ends.length)] ?? ends[0];
  const far = 16 * pick(64);
  const step = (k: number) =>
    sums
      .map(
        ({ row, vector, name: sum }) =>
          `(local.set ${sum} (f32x4.add (local.get ${sum}) (f32x4.mul
            (v128.load32_splat offset=${far + 4 * (k + 8 * row)} (local.get $a))
            (v128.load offset=${32 * k + 16 * vector} (local.get $b)))))`,
      )
      .join('\n');
  return `
(func ${name} (param $a i32) (param $b i32) (param $c i32) (param $count i32)
  ${sums.map((sum) => `(local ${sum.name} v128)`).join(' ')}
  (loop $along
    ${Array.from({ length: depth }, (_, k) => step(k)).join('\n')}
    (local.set $a (i32.add (local.get $a) (i32.const ${4 * depth})))
    (local.set $b (i32.add (local.get $b) (i32.const ${32 * depth})))
    (br_if $along (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
  ${sums
    .map(
      (sum) => `(v128.store offset=${32 * sum.row + 16 * sum.vector} (local.get $c) ${end(`(local.get ${sum.name})`)})`,
    )
    .join('\n')})`;
}

/** (a, b, c, count): count scalars of c from those of a and b by a chain of operations. */
function elementFunction(name: string, pick: (limit: number) => number): string {
  const operations = ['f32.add', 'f32.mul', 'f32.sub', 'f32.max'] as const;
  const chain = Array.from({ length: 8 + pick(40) }, () => operations[pick(operations.length)] ?? operations[0]);
  const value = chain.reduce(
    (x, operation, i) => `(${operation} ${x} (f32.load offset=${4 * i} (local.get $b)))`,
    '(f32.load (local.get $a))',
  );
  return `
(func ${name} (param $a i32) (param $b i32) (param $c i32) (param $count i32)
  (loop $along
    (f32.store (local.get $c) ${value})
    (local.set $a (i32.add (local.get $a) (i32.const 4)))
    (local.set $c (i32.add (local.get $c) (i32.const 4)))
    (br_if $along (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))`;
}

/** Exports `all()`, which calls every function once. */
export function compileLoadText(): string {
  const pick = makeSequence();
  const names = Array.from({ length: functionCount }, (_, i) => `$f${i}`);
  const functions = names.map((name, i) => (i % 4 === 3 ? elementFunction : tileFunction)(name, pick));
  const calls = names.map(
    (name) => `(call ${name} (i32.const 0) (i32.const 16384) (i32.const 32768) (i32.const ${1 + pick(4)}))`,
  );
  return `(module\n(memory 1)\n${functions.join('\n')}\n(func (export "all") ${calls.join('\n')})\n)`;
}

/** Bytes at the module's end, in a section that engines skip, which may be overwritten: no engine then knows it already. */
export const saltBytes = 4;

export function compileLoadModule(): Uint8Array<ArrayBuffer> {
  made ??= makeModule();
  return made.slice();
}

/** Assembling takes a while, and gives the same every time. */
let made: Uint8Array<ArrayBuffer> | undefined;

function makeModule(): Uint8Array<ArrayBuffer> {
  const module = assemble(compileLoadText());
  const name = 's'.charCodeAt(0);
  // a custom section (core spec, 5.5.3): id 0, its size, then a name
  return Uint8Array.from([...module, 0, 2 + saltBytes, 1, name, ...Array.from({ length: saltBytes }, () => 0)]);
}
