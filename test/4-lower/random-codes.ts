import { GraphBuilder } from '../../compiler/ir/build.ts';
import type { Graph, ValueId } from '../../compiler/ir/graph.ts';
import { tensorOf } from '../../compiler/tensor/convert.ts';
import { sizesOf } from '../../compiler/tensor/shape.ts';
import { makeRandom, type Random } from '../harness/random.ts';
import type { Feeds } from './agreement.ts';

/** A graph of int8 layers and what moves data between them, with feeds: every number is whole or a whole over a power of two. */
export interface RandomCodes {
  readonly graph: Graph;
  readonly feeds: Feeds;
}

export function randomCodes(seed: number): RandomCodes {
  const draw = new CodesSketch(makeRandom(seed));
  return draw.finish();
}

class CodesSketch {
  readonly #builder = new GraphBuilder('codes');
  readonly #feeds: Record<string, Feeds[string]> = {};
  readonly #random: Random;
  #x: ValueId;
  #earlier: ValueId | undefined;
  #outputs = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#x = this.#input([random.int(1, 2), random.pick([4, 6, 8, 12]), random.int(3, 7), random.int(3, 9)]);
  }

  finish(): RandomCodes {
    for (let i = this.#random.int(1, 6); i > 0; i--) {
      if (this.#sizes.length === 4) this.#imageStep();
      else this.#rowsStep();
    }
    this.#output();
    return { graph: this.#builder.build(), feeds: this.#feeds };
  }

  get #sizes(): readonly number[] {
    return sizesOf(this.#builder.type(this.#x).shape);
  }

  #add(...parameters: Parameters<GraphBuilder['add']>): void {
    this.#x = this.#builder.add(...parameters);
  }

  #output(): void {
    this.#builder.output(`y${this.#outputs++}`, this.#x);
  }

  #input(sizes: readonly number[]): ValueId {
    const count = sizes.reduce((a, b) => a * b, 1);
    const name = `x${Object.keys(this.#feeds).length}`;
    const tensor = tensorOf(
      'float32',
      sizes,
      Array.from({ length: count }, () => this.#random.int(-128, 128) / 64),
    );
    this.#feeds[name] = tensor;
    return this.#builder.input(name, { dtype: 'float32', shape: tensor.shape });
  }

  #codes(sizes: readonly number[]): ValueId {
    const count = sizes.reduce((a, b) => a * b, 1);
    return this.#builder.constant(
      tensorOf(
        'float32',
        sizes,
        Array.from({ length: count }, () => this.#random.int(-127, 127)),
      ),
    );
  }

  #quantization() {
    return { inputScale: 2 ** -this.#random.int(3, 6), inputZero: this.#random.pick([0, 60, 64, 127]) };
  }

  /** Back to small numbers, exactly. */
  #shrink(): void {
    this.#add('mul', [this.#x, this.#builder.constant(tensorOf('float32', [], [2 ** -12]))]);
  }

  #reshape(shape: readonly number[]): void {
    this.#add('reshape', [this.#x], { shape });
  }

  #transpose(perm: readonly number[]): void {
    this.#add('transpose', [this.#x], { perm });
  }

  #imageStep(): void {
    const [n = 1, c = 1, h = 1, w = 1] = this.#sizes;
    const step = this.#random.int(0, 9);
    if (step <= 4) this.#convolve(c, h, w);
    else if (step === 5) this.#join(n, h, w);
    else if (step === 6) this.#add('maxPool', [this.#x], { kernel: [1, Math.min(2, w)], pads: [0, 0, 0, 0] });
    else if (step === 7 && c > 4) {
      const starts = [0, this.#random.int(0, c - 4), 0, 0];
      this.#add('slice', [this.#x], { starts, steps: [1, 1, 1, 1], sizes: [n, 4, h, w] });
    } else if (step === 8) this.#reshape([n, c * h * w]);
    else {
      this.#reshape([n, c, h * w]);
      this.#transpose([0, 2, 1]);
    }
  }

  #convolve(c: number, h: number, w: number): void {
    const random = this.#random;
    const group = c % 8 === 0 && random.chance(0.3) ? 2 : 1;
    const pad = random.int(0, 1);
    const k = Math.min(h, w) + 2 * pad >= 3 ? random.pick([1, 3]) : 1;
    const stride = random.int(1, 2);
    const window = { group, strides: [stride, stride], dilations: [1, 1], pads: [pad, pad, pad, pad] };
    const outputs = random.pick([4, 5, 8, 12]) * group;
    const before = this.#x;
    this.#add('conv', [before, this.#codes([outputs, c / group, k, k])], { ...window, ...this.#quantization() });
    if (random.chance(0.5)) this.#add('relu', [this.#x]);
    this.#shrink();
    for (const residual of [before, this.#earlier]) {
      const fits = residual !== undefined && `${sizesOf(this.#builder.type(residual).shape)}` === `${this.#sizes}`;
      if (fits && random.chance(0.7)) this.#add('add', [this.#x, residual]);
    }
    this.#earlier = before;
  }

  #join(n: number, h: number, w: number): void {
    const other = this.#random.chance(0.5) ? this.#input([n, this.#random.pick([3, 4, 8]), h, w]) : this.#x;
    this.#add('concat', this.#random.chance(0.5) ? [this.#x, other] : [other, this.#x], { axis: 1 });
    if (this.#random.chance(0.5)) this.#output();
  }

  #rowsStep(): void {
    const sizes = this.#sizes;
    const k = sizes.at(-1) ?? 1;
    const step = this.#random.int(0, 8);
    const [n = 1, rows = 1] = sizes;
    if (step <= 4 || sizes.length !== 3) {
      this.#add('linear', [this.#x, this.#codes([this.#random.pick([4, 8, 9, 16]), k])], this.#quantization());
      this.#shrink();
    } else if (step === 5) this.#add('relu', [this.#x]);
    else if (step === 6) this.#transpose([0, 2, 1]);
    else if (step === 7 && k % 4 === 0) {
      this.#reshape([n, rows, 4, k / 4]);
      this.#transpose([0, 2, 1, 3]);
      this.#reshape([n, 4, (rows * k) / 4]);
    } else this.#reshape([n, rows * k]);
  }
}
