import { laneStride } from '../../../compiler/kernel/lane-stride.ts';
import type { ContractionKernel } from '../../../compiler/kernel/nest.ts';
import type { SlotPlace } from '../buffers.ts';
import type { Code } from '../code.ts';
import type { Shader } from '../shader.ts';
import { atom, element, infix, integer, type Value } from '../value.ts';
import { ContractionCode } from './contraction-code.ts';
import { chooseTile, type Extents, extentsOf, heightOf, printTile, type Tile, widthOf } from './tile.ts';

/**
 * Tiles of A and B staged in workgroup memory: A as [k / 4][m] vectors along k, B as [k][n / 4] vectors along n. A and a
 * live B are read through their index maps, so that a convolution is a multiplication whose A was never laid out.
 */
export const tiledShader = (kernel: ContractionKernel, places: readonly SlotPlace[]): Shader =>
  new TiledKernel(kernel, places, chooseTile(extentsOf(kernel))).shader();

class TiledKernel {
  readonly #code: ContractionCode;
  readonly #tile: Tile;
  readonly #extents: Extents;
  readonly #height: number;
  readonly #width: number;

  constructor(kernel: ContractionKernel, places: readonly SlotPlace[], tile: Tile) {
    this.#code = new ContractionCode(kernel, places);
    this.#tile = tile;
    this.#extents = extentsOf(kernel);
    this.#height = heightOf(tile);
    this.#width = widthOf(tile);
  }

  shader(): Shader {
    const { batch, m, n, k } = this.#extents;
    const { kernel } = this.#code;
    const workgroups = [Math.ceil(n / this.#width), Math.ceil(m / this.#height), batch] as const;
    this.#defineLoads();
    this.#code.defineFinish({ m: m % this.#height !== 0, n: n % this.#width !== 0 });
    this.#defineMain();
    const tile = printTile(this.#tile);
    const comment = `${kernel.name}: m ${m}, n ${n}, k ${k}${batch === 1 ? '' : `, batch ${batch}`}; ${tile}`;
    return { comment, text: this.#code.module.print(), workgroups, tile };
  }

  /** load_a: A at four neighbours of k. load_b: B at four neighbours of n, or four words of codes. Zero outside. */
  #defineLoads(): void {
    const { module, kernel, batch, m, k } = this.#code;
    const at = (name: string): Value => atom(name, 'i32');
    module.define('load_a', 'fn load_a(batch: i32, m: i32, k: i32) -> vec4<f32>', (code) => {
      const to = this.#code.renderer(code, k, [
        [batch, at('batch')],
        [m, at('m')],
        [k, at('k')],
      ]);
      code.line(`return ${this.#code.keepInside(to, this.#code.loadA(to), k, k.extent.size).text};`);
    });
    const many = this.#code.kPerLoad;
    const result = many === 1 ? 'vec4<f32>' : `mat${many}x4<f32>`;
    module.define('load_b', `fn load_b(batch: i32, k: i32, n: i32) -> ${result}`, (code) => {
      const to = this.#code.renderer(code, kernel.n, [
        [batch, at('batch')],
        [k, at('k')],
        [kernel.n, at('n')],
      ]);
      const loaded = this.#code.loadB(to).map((value) => value.text);
      code.line(`return ${many === 1 ? loaded.join() : `${result}(${loaded.join(', ')})`};`);
    });
  }

  #defineMain(): void {
    const { module } = this.#code;
    const { rows, columns, rowsEach, vectorsEach, depth, slices } = this.#tile;
    const sizeA = (depth / 4) * this.#height;
    const sizeB = (depth * this.#width) / 4;
    module.declare('tile_a', `var<workgroup> tile_a: array<vec4<f32>, ${sizeA * slices}>;`);
    module.declare('tile_b', `var<workgroup> tile_b: array<vec4<f32>, ${sizeB * slices}>;`);
    module.main([columns, rows, slices], (code) => {
      const bind = (text: string, name: string): Value => code.bind(atom(text, 'i32'), name);
      const column = bind('i32(local.x)', 'column');
      const row = bind('i32(local.y)', 'row');
      const slice = slices === 1 ? integer(0) : bind('i32(local.z)', 'slice');
      const thread = bind(`${row.text} * ${columns} + ${column.text}`, 'thread');
      const batch = bind('i32(group.z)', 'batch');
      const m = bind(`i32(group.y) * ${this.#height}`, 'm');
      const n = bind(`i32(group.x) * ${this.#width}`, 'n');
      const [startA, startB] =
        slices === 1
          ? [integer(0), integer(0)]
          : [bind(`${slice.text} * ${sizeA}`, 'a'), bind(`${slice.text} * ${sizeB}`, 'b')];
      code.line(`var sums: array<vec4<f32>, ${rowsEach * vectorsEach}>;`);
      const step = depth * slices;
      code.repeat(
        'k',
        Math.ceil(this.#extents.k / step) * step,
        (first) => {
          const k = slices === 1 ? first : code.bind(infix('+', first, infix('*', slice, integer(depth))), 'k_slice');
          code.barrier();
          this.#stageA(code, thread, startA, batch, m, k);
          this.#stageB(code, thread, startB, batch, n, k);
          code.barrier();
          this.#multiply(code, row, column, startA, startB);
        },
        { step },
      );
      const finish = (): void => this.#finish(code, row, column, batch, m, n);
      if (slices === 1) finish();
      else {
        this.#addSlices(code, slice, thread);
        code.when(infix('==', slice, integer(0), 'bool'), finish);
      }
    });
  }

  /** Deals the vectors of a tile out to the threads of a slice. */
  #deal(code: Code, thread: Value, count: number, body: (i: Value) => void): void {
    const threads = this.#tile.rows * this.#tile.columns;
    times(code, Math.ceil(count / threads), (turn) => {
      const i = turn.text === '0' ? thread : code.bind(plus(thread, scaled(turn, threads)), 'i');
      if (count % threads === 0) body(i);
      else code.when(infix('<', i, integer(count), 'bool'), () => body(i));
    });
  }

  #stageA(code: Code, thread: Value, start: Value, batch: Value, m: Value, k: Value): void {
    const vectors = this.#tile.depth / 4;
    const { a, k: axis, m: rowAxis } = this.#code;
    const isRowMajor = laneStride(a, axis, true, () => false) === 1 || laneStride(a, rowAxis, true, () => false) !== 1;
    this.#deal(code, thread, vectors * this.#height, (i) => {
      const [row, vector] = isRowMajor ? split(code, i, vectors) : split(code, i, this.#height).reverse();
      if (!row || !vector) return;
      const at = plus(start, plus(scaled(vector, this.#height), row));
      const mAt = code.bind(infix('+', m, row), 'm_at');
      const kAt = code.bind(infix('+', k, infix('*', vector, integer(4))), 'k_at');
      const inside = this.#inside(mAt, this.#extents.m, this.#height, kAt);
      this.#fill(code, element('tile_a', at, 'f32', 4), inside, `load_a(${batch.text}, ${mAt.text}, ${kAt.text})`);
    });
  }

  #stageB(code: Code, thread: Value, start: Value, batch: Value, n: Value, k: Value): void {
    const many = this.#code.kPerLoad;
    const rows = this.#tile.depth / many;
    const vectors = this.#width / 4;
    const { b, kernel, k: axis } = this.#code;
    const isRowMajor = laneStride(b, kernel.n, true, () => false) === 1 || laneStride(b, axis, true, () => false) !== 1;
    this.#deal(code, thread, rows * vectors, (i) => {
      const [row, vector] = isRowMajor ? split(code, i, vectors) : split(code, i, rows).reverse();
      if (!row || !vector) return;
      const at = plus(start, plus(scaled(row, many * vectors), vector));
      const nAt = code.bind(infix('+', n, infix('*', vector, integer(4))), 'n_at');
      const kAt = code.bind(infix('+', k, scaled(row, many)), 'k_at');
      const inside = this.#inside(nAt, this.#extents.n, this.#width, kAt);
      const load = `load_b(${batch.text}, ${kAt.text}, ${nAt.text})`;
      if (many === 1) {
        this.#fill(code, element('tile_b', at, 'f32', 4), inside, load);
        return;
      }
      code.line(`var codes: mat${many}x4<f32>;`);
      const fill = (): void => code.line(`codes = ${load};`);
      if (inside) code.when(inside, fill);
      else fill();
      for (let l = 0; l < many; l++) {
        code.assign(element('tile_b', plus(at, integer(l * vectors)), 'f32', 4), atom(`codes[${l}]`, 'f32', 4));
      }
    });
  }

  /** Undefined where tiles divide the extents. */
  #inside(at: Value, extent: number, tile: number, k: Value): Value | undefined {
    const { depth, slices } = this.#tile;
    const across = extent % tile === 0 ? undefined : infix('<', at, integer(extent), 'bool');
    const along =
      this.#extents.k % (depth * slices) === 0 ? undefined : infix('<', k, integer(this.#extents.k), 'bool');
    return across && along ? infix('&&', across, along) : (across ?? along);
  }

  #fill(code: Code, target: Value, inside: Value | undefined, load: string): void {
    const loaded = atom(load, 'f32', 4);
    if (!inside) {
      code.assign(target, loaded);
      return;
    }
    code.whenElse(
      inside,
      () => code.assign(target, loaded),
      () => code.assign(target, atom('vec4<f32>()', 'f32', 4)),
    );
  }

  #multiply(code: Code, row: Value, column: Value, startA: Value, startB: Value): void {
    const { rows, columns, rowsEach, vectorsEach, depth } = this.#tile;
    code.repeat('q', depth / 4, (q) => {
      const atA = code.bind(plus(startA, plus(scaled(q, this.#height), row)), 'at_a');
      const atB = code.bind(plus(startB, plus(scaled(q, this.#width), column)), 'at_b');
      times(code, vectorsEach, (v) => {
        const w = [0, 1, 2, 3].map((l) => {
          const at = plus(plus(atB, integer((l * this.#width) / 4)), scaled(v, columns));
          return code.bind(element('tile_b', at, 'f32', 4), 'w').text;
        });
        times(code, rowsEach, (r) => {
          const x = code.bind(element('tile_a', plus(atA, scaled(r, rows)), 'f32', 4), 'x').text;
          const sum = sumAt(r, v, vectorsEach);
          const product = w.reduce((acc, b, l) => `fma(vec4<f32>(${x}.${'xyzw'.charAt(l)}), ${b}, ${acc})`, sum.text);
          code.assign(sum, atom(product, 'f32', 4));
        });
      });
    });
  }

  /** Adds the sums of all slices to those of slice 0, one slice after another through one tile of memory. */
  #addSlices(code: Code, slice: Value, thread: Value): void {
    const { rows, columns, rowsEach, vectorsEach, slices } = this.#tile;
    const threads = rows * columns;
    const count = rowsEach * vectorsEach;
    this.#code.module.declare('partial', `var<workgroup> partial: array<vec4<f32>, ${threads * count}>;`);
    const each = (body: (sum: Value, partial: Value) => void): void =>
      times(code, count, (i) =>
        body(element('sums', i, 'f32', 4), element('partial', plus(thread, scaled(i, threads)), 'f32', 4)),
      );
    for (let s = 1; s < slices; s++) {
      code.barrier();
      code.when(infix('==', slice, integer(s), 'bool'), () => each((sum, partial) => code.assign(partial, sum)));
      code.barrier();
      code.when(infix('==', slice, integer(0), 'bool'), () =>
        each((sum, partial) => code.assign(sum, infix('+', sum, partial))),
      );
    }
  }

  #finish(code: Code, row: Value, column: Value, batch: Value, m: Value, n: Value): void {
    const { rows, columns, rowsEach, vectorsEach } = this.#tile;
    times(code, rowsEach, (r) =>
      times(code, vectorsEach, (v) => {
        const mAt = plus(plus(m, row), scaled(r, rows));
        const nAt = plus(n, scaled(plus(column, scaled(v, columns)), 4));
        code.line(`finish(${batch.text}, ${mAt.text}, ${nAt.text}, ${sumAt(r, v, vectorsEach).text});`);
      }),
    );
  }
}

const isZero = (x: Value): boolean => x.text === '0';
const plus = (a: Value, b: Value): Value => (isZero(b) ? a : isZero(a) ? b : infix('+', a, b));
const scaled = (x: Value, by: number): Value => (isZero(x) || by === 1 ? x : infix('*', x, integer(by)));
const sumAt = (r: Value, v: Value, vectorsEach: number): Value =>
  element('sums', plus(scaled(r, vectorsEach), v), 'f32', 4);

/** A loop of a constant count, which compilers unroll; of one turn, no loop. */
function times(code: Code, count: number, body: (i: Value) => void): void {
  if (count === 1) body(integer(0));
  else code.repeat('i', count, body);
}

/** Quotient and remainder. */
const split = (code: Code, i: Value, by: number): Value[] => [
  code.bind(infix('/', i, integer(by)), 'high'),
  code.bind(infix('%', i, integer(by)), 'low'),
];
