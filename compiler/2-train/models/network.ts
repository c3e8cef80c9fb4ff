import { GraphBuilder } from '../../ir/build.ts';
import type { Graph, ValueId } from '../../ir/graph.ts';
import type { Attributes, OpName } from '../../ops/index.ts';
import { tensorOf } from '../../tensor/convert.ts';
import type { DType } from '../../tensor/dtype.ts';
import { elementCount, shapeOf, sizesOf } from '../../tensor/shape.ts';
import { makeTensor } from '../../tensor/tensor.ts';
import { makeRandom, type Random } from '../random.ts';
import type { Activation } from './activation.ts';
import { type Fans, glorotUniform, heNormal, type Initial } from './initial.ts';

export interface LinearOptions {
  readonly initial?: Initial;
  readonly bias?: boolean;
}

export interface ConvOptions extends LinearOptions {
  /** of both sides */
  readonly kernel: number;
  readonly stride?: number;
  /** on every side */
  readonly padding?: number;
}

/**
 * Writes a network layer by layer. A layer's name is its node's, and leads those of its parameters: `block1.fc1.weight`,
 * `.bias`, of norms `.scale`, `.bias`, `.mean`, `.variance`.
 */
export class Network {
  readonly #builder: GraphBuilder;
  readonly #random: Random;

  constructor(name: string, seed: number) {
    this.#builder = new GraphBuilder(name);
    this.#random = makeRandom(seed);
  }

  input(name: string, dtype: DType, sizes: readonly number[]): ValueId {
    return this.#builder.input(name, { dtype, shape: shapeOf(sizes) });
  }

  sizes(x: ValueId): number[] {
    return sizesOf(this.#builder.type(x).shape);
  }

  /** Size of dimension i of x; negative i counts from the end. */
  size(x: ValueId, i: number): number {
    return this.sizes(x).at(i) ?? 1;
  }

  node(name: string, op: OpName, inputs: readonly ValueId[], attributes: Attributes = {}): ValueId {
    return this.#builder.add(op, inputs, attributes, name);
  }

  /** A drawn parameter. */
  weight(name: string, sizes: readonly number[], fans: Fans, initial: Initial): ValueId {
    const shape = shapeOf(sizes);
    const values = Float32Array.from({ length: elementCount(shape) }, () => initial(this.#random, fans));
    return this.#builder.constant(makeTensor('float32', shape, values), name);
  }

  /** A parameter or statistic of one value. */
  filled(name: string, sizes: readonly number[], value: number): ValueId {
    const shape = shapeOf(sizes);
    const values = new Float32Array(elementCount(shape)).fill(value);
    return this.#builder.constant(makeTensor('float32', shape, values), name);
  }

  /** What is no parameter: integers, and bools as 0 and 1. */
  fixed(name: string, dtype: 'int32' | 'bool', sizes: readonly number[], values: readonly number[]): ValueId {
    return this.#builder.constant(tensorOf(dtype, sizes, values), name);
  }

  /** x [..., K] -> [..., n]; weight [n, K], bias 0. */
  linear(name: string, x: ValueId, n: number, { initial = glorotUniform, bias = true }: LinearOptions = {}): ValueId {
    const k = this.size(x, -1);
    const weight = this.weight(`${name}.weight`, [n, k], { inputs: k, outputs: n }, initial);
    return this.node(name, 'linear', [x, weight, ...(bias ? [this.filled(`${name}.bias`, [n], 0)] : [])]);
  }

  /** x [1, C, H, W] -> [1, m, H', W']; weight [m, C, kernel, kernel], bias 0. */
  conv(name: string, x: ValueId, m: number, options: ConvOptions): ValueId {
    const { kernel, stride = 1, padding = 0, initial = heNormal(), bias = true } = options;
    const channels = this.size(x, 1);
    const fans = { inputs: channels * kernel ** 2, outputs: m * kernel ** 2 };
    const weight = this.weight(`${name}.weight`, [m, channels, kernel, kernel], fans, initial);
    const attributes = {
      strides: [stride, stride],
      pads: [padding, padding, padding, padding],
      dilations: [1, 1],
      group: 1,
    };
    return this.node(name, 'conv', [x, weight, ...(bias ? [this.filled(`${name}.bias`, [m], 0)] : [])], attributes);
  }

  /** x [1, C, ...], standardised per channel by mean 0 and variance 1 until it is trained. */
  batchNorm(name: string, x: ValueId): ValueId {
    const starts = { scale: 1, bias: 0, mean: 0, variance: 1 };
    const parameters = Object.entries(starts).map(([of, value]) =>
      this.filled(`${name}.${of}`, [this.size(x, 1)], value),
    );
    return this.node(name, 'batchNorm', [x, ...parameters]);
  }

  /** x [..., K], each row standardised. */
  layerNorm(name: string, x: ValueId): ValueId {
    const sizes = this.sizes(x);
    const width = [this.size(x, -1)];
    const parameters = [this.filled(`${name}.scale`, width, 1), this.filled(`${name}.bias`, width, 0)];
    return this.node(name, 'layerNorm', [x, ...parameters], { axis: sizes.length - 1 });
  }

  /** `slope` is that of leakyRelu, and where the one slope of a prelu starts, `name.slope` [1]. */
  activation(name: string, x: ValueId, activation: Activation, slope: number): ValueId {
    if (activation === 'prelu') return this.node(name, 'prelu', [x, this.filled(`${name}.slope`, [1], slope)]);
    return this.node(name, activation, [x], activation === 'leakyRelu' ? { alpha: slope } : {});
  }

  /** x [1, ...] -> [1, n] */
  flatten(name: string, x: ValueId): ValueId {
    return this.node(name, 'reshape', [x], { shape: [1, elementCount(this.#builder.type(x).shape)] });
  }

  /** x [1, n, width] -> [1, width]: the mean over n. */
  meanOverTokens(name: string, x: ValueId): ValueId {
    return this.node(name, 'reduce', [x], { kind: 'mean', axes: [1], keepDims: false });
  }

  finish(logits: ValueId): Graph {
    this.#builder.output('logits', logits);
    return this.#builder.build();
  }
}
