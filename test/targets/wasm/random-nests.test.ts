import { expect, it } from 'vitest';
import {
  add,
  binary,
  cast,
  constant,
  type Expr,
  indexValue,
  load,
  maximum,
  mul,
  reduce,
  select,
  unary,
} from '../../../compiler/kernel/expr.ts';
import {
  type Axis,
  addIndex,
  divIndex,
  type Index,
  makeAxis,
  modIndex,
  rangeOf,
  scaleIndex,
  valueIndex,
} from '../../../compiler/kernel/index-expr.ts';
import type { NestKernel } from '../../../compiler/kernel/nest.ts';
import { nestOfMeaning } from '../../../compiler/kernel/schedule.ts';
import { dim, elementCount, rowMajorStrides, shapeOf } from '../../../compiler/tensor/shape.ts';
import { type Buffer, evaluateNest, runNest, worstError } from './run-nest.ts';

/** A nest nobody would write: any mix of strides, guards, div, mod, data-dependent indices and reductions. */
class RandomNest {
  readonly #inputs: { readonly sizes: readonly number[]; readonly dtype: 'float32' | 'int32' }[] = [];
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  make(): { readonly kernel: NestKernel; readonly buffers: readonly Buffer[] } {
    const axes = this.#times(this.#integer(1, 3), (i) => this.#axis(`i${i}`));
    const value = this.#value(axes, 3, true);
    const sizes = axes.map((a) => a.extent.size);
    const placement = (slot: number, s: readonly number[]) => ({
      slot,
      offset: 0,
      strides: rowMajorStrides(shapeOf(s)),
    });
    const slots: NestKernel['slots'] = [
      { name: 'y', dtype: 'float32', access: 'write' },
      ...this.#inputs.map(({ dtype }, i) => ({ name: `x${i}`, dtype, access: 'read' as const })),
    ];
    const sourceSizes = (source: number) => this.#inputs[source]?.sizes ?? [];
    const kernel = nestOfMeaning(
      'random',
      slots,
      { axes, value },
      (source) => placement(source + 1, sourceSizes(source)),
      placement(0, sizes),
    );
    const buffers = this.#inputs.map(({ sizes: s, dtype }): Buffer => {
      const length = elementCount(shapeOf(s));
      if (dtype === 'int32') return Int32Array.from({ length }, () => this.#integer(-2, 9));
      return Float32Array.from({ length }, () => 2 * this.#draw() - 1);
    });
    return { kernel, buffers: [new Float32Array(elementCount(shapeOf(sizes))), ...buffers] };
  }

  #draw(): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return (this.#state >>> 8) / 2 ** 24;
  }

  #integer(low: number, high: number): number {
    return low + Math.floor(this.#draw() * (high - low + 1));
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#integer(0, list.length - 1)]!;
  }

  #times<T>(count: number, make: (i: number) => T): T[] {
    return Array.from({ length: count }, (_, i) => make(i));
  }

  #axis(name: string): Axis {
    return makeAxis(name, dim(this.#pick([1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 20])));
  }

  #index(axes: readonly Axis[], depth = 0): Index {
    const [a, b] = [this.#pick(axes), this.#pick(axes)];
    const other = a === b ? addIndex(a) : undefined;
    switch (this.#integer(0, depth > 1 ? 3 : 7)) {
      case 0:
        return addIndex(scaleIndex(a, this.#pick([1, 2, 3, -1])), this.#integer(-2, 2));
      case 1:
        return addIndex(this.#integer(0, 2));
      case 2:
        return other ?? addIndex(scaleIndex(a, b.extent.size), b);
      case 3:
        return other ?? addIndex(a, b, this.#integer(-1, 1));
      case 4:
        return divIndex(this.#index(axes, depth + 1), this.#pick([2, 3, 4, 8]));
      case 5:
        return modIndex(this.#index(axes, depth + 1), this.#pick([2, 3, 4, 8]));
      case 6:
        return this.#indexFromData(a);
      default:
        return addIndex(a);
    }
  }

  #indexFromData(axis: Axis): Index {
    const limit = this.#integer(1, 7);
    const sizes = [axis.extent.size];
    const data = load({ id: this.#inputs.push({ sizes, dtype: 'int32' }) - 1, dtype: 'int32', sizes }, [axis]);
    const atLeast = binary('max', data, constant('int32', 0));
    return valueIndex(binary('min', atLeast, constant('int32', limit - 1)), limit);
  }

  #fetch(axes: readonly Axis[]): Expr {
    const isGuarded = this.#draw() < 0.35;
    const indices = this.#times(this.#integer(1, 3), () => {
      const index = this.#index(axes);
      return isGuarded ? index : addIndex(index, -Math.min(0, rangeOf(index).min));
    });
    const sizes = indices.map((i) => Math.max(1, rangeOf(i).max + (isGuarded ? this.#integer(-2, 0) : 1)));
    const source = { id: this.#inputs.push({ sizes, dtype: 'float32' }) - 1, dtype: 'float32' as const, sizes };
    return load(source, indices, isGuarded ? this.#pick([0, 1, Number.NEGATIVE_INFINITY]) : undefined);
  }

  #value(axes: readonly Axis[], depth: number, mayReduce: boolean): Expr {
    const next = (): Expr => this.#value(axes, depth - 1, mayReduce);
    switch (this.#integer(0, depth <= 0 ? 1 : 8)) {
      case 2:
        return add(next(), next());
      case 3:
        return maximum(next(), this.#pick([constant('float32', 0), next()]));
      case 4:
        return mul(this.#fetch(axes), constant('float32', 0.5));
      case 5:
        return unary('sigmoid', next());
      case 6:
        return select(binary('lt', this.#fetch(axes), constant('float32', 0.1)), next(), this.#fetch(axes));
      case 7:
        return cast('float32', indexValue(this.#index(axes)));
      case 8: {
        if (!mayReduce) return this.#fetch(axes);
        const over = this.#times(this.#integer(1, 2), (i) => this.#axis(`k${i}`));
        const seen = axes.filter(() => this.#draw() < 0.7);
        return reduce(this.#pick(['sum', 'max', 'min']), over, this.#value([...seen, ...over, ...over], 1, false));
      }
      default:
        return this.#fetch(axes);
    }
  }
}

it('any nest is what the evaluator says, within its buffers', () => {
  for (let seed = 1; seed <= 120; seed++) {
    const { kernel, buffers } = new RandomNest(seed * 7919).make();
    const want = evaluateNest(kernel, buffers)[0]!;
    for (const features of ['scalar', 'simd', 'relaxed'] as const) {
      const run = runNest(kernel, buffers, features);
      const error = worstError(run.buffers[0]!, want);
      expect({ seed, features, error, isClose: error < 1e-5, isContained: run.isContained }).toMatchObject({
        isClose: true,
        isContained: true,
      });
    }
  }
}, 60_000);
