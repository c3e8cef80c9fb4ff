import { GraphBuilder } from '../../compiler/ir/build.ts';
import type { Graph, ValueId } from '../../compiler/ir/graph.ts';
import type { Attributes, OpName } from '../../compiler/ops/index.ts';
import { tensorOf } from '../../compiler/tensor/convert.ts';
import { elementCount, shapeOf } from '../../compiler/tensor/shape.ts';
import { makeRandom } from '../harness/random.ts';

/** Layers of well-known networks as exporters write them, with weights from a seed. */
export class Network {
  readonly builder: GraphBuilder;
  private readonly random = makeRandom(7);

  constructor(name: string) {
    this.builder = new GraphBuilder(name);
  }

  input(sizes: readonly number[]): ValueId {
    return this.builder.input('x', { dtype: 'float32', shape: shapeOf(sizes) });
  }

  sizes(x: ValueId): number[] {
    return this.builder.type(x).shape.map((d) => d.size);
  }

  weights(sizes: readonly number[], low = -0.4, high = 0.4): ValueId {
    const values = [...this.random.reals(elementCount(shapeOf(sizes)), low, high)];
    return this.builder.constant(tensorOf('float32', sizes, values));
  }

  scalar(value: number): ValueId {
    return this.builder.constant(tensorOf('float32', [], [value]));
  }

  add(op: OpName, inputs: readonly ValueId[], attributes: Attributes = {}): ValueId {
    return this.builder.add(op, inputs, attributes);
  }

  finish(...outputs: readonly ValueId[]): Graph {
    outputs.forEach((id, i) => {
      this.builder.output(`y${i}`, id);
    });
    return this.builder.build();
  }

  /** Convolution that keeps the size (divided by the stride), batch norm, and perhaps an activation. */
  conv(x: ValueId, m: number, k: number, options: { stride?: number; group?: number; act?: OpName } = {}): ValueId {
    const { stride = 1, group = 1, act } = options;
    const p = (k - 1) / 2;
    const w = this.weights([m, this.sizes(x)[1]! / group, k, k]);
    const y = this.add('conv', [x, w], { strides: [stride, stride], pads: [p, p, p, p], dilations: [1, 1], group });
    const parameters = [0, 1, 2].map(() => this.weights([m]));
    const normal = this.add('batchNorm', [y, ...parameters, this.weights([m], 0.5, 2)]);
    return act ? this.add(act, [normal]) : normal;
  }

  linear(x: ValueId, n: number): ValueId {
    const product = this.add('matmul', [x, this.weights([this.sizes(x).at(-1)!, n])]);
    return this.add('add', [product, this.weights([n])]);
  }

  /** Layer normalisation as PyTorch's exporter spells it. */
  norm(x: ValueId): ValueId {
    const n = this.sizes(x).at(-1)!;
    const mean = (v: ValueId): ValueId => this.add('reduce', [v], { kind: 'mean', axes: [this.sizes(x).length - 1] });
    const d = this.add('sub', [x, mean(x)]);
    const variance = mean(this.add('pow', [d, this.scalar(2)]));
    const y = this.add('div', [d, this.add('sqrt', [this.add('add', [variance, this.scalar(1e-5)])])]);
    return this.add('add', [this.add('mul', [y, this.weights([n])]), this.weights([n])]);
  }
}

export function resNetBlocks(): Graph {
  const net = new Network('resnet');
  const block = (x: ValueId, m: number, stride: number): ValueId => {
    const y = net.conv(net.conv(x, m, 3, { stride, act: 'relu' }), m, 3);
    const shortcut = stride === 1 ? x : net.conv(x, m, 1, { stride });
    return net.add('relu', [net.add('add', [y, shortcut])]);
  };
  const stem = net.conv(net.input([1, 3, 32, 32]), 8, 7, { stride: 2, act: 'relu' });
  const pooled = net.add('maxPool', [stem], { kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  const features = block(block(pooled, 8, 1), 16, 2);
  const mean = net.add('reduce', [features], { kind: 'mean', axes: [2, 3] });
  return net.finish(net.linear(net.add('reshape', [mean], { shape: [1, 16] }), 10));
}

/** An inverted residual with squeeze and excitation. */
export function mobileNetBlock(): Graph {
  const net = new Network('mobilenet');
  const x = net.conv(net.input([1, 3, 16, 16]), 8, 3, { stride: 2, act: 'hardSwish' });
  const wide = net.conv(x, 24, 1, { act: 'hardSwish' });
  const deep = net.conv(wide, 24, 5, { group: 24, act: 'hardSwish' });
  const mean = net.add('reduce', [deep], { kind: 'mean', axes: [2, 3] });
  const squeezed = net.add('relu', [net.add('conv', [mean, net.weights([6, 24, 1, 1]), net.weights([6])])]);
  const gate = net.add('conv', [squeezed, net.weights([24, 6, 1, 1]), net.weights([24])]);
  const excited = net.add('mul', [deep, net.add('hardSigmoid', [gate], { alpha: 1 / 6, beta: 0.5 })]);
  return net.finish(net.add('relu', [net.add('add', [net.conv(excited, 8, 1), x])]));
}

/** Half of the channels pass, the other half is convolved; then the channels are shuffled. */
export function shuffleNetBlocks(): Graph {
  const net = new Network('shufflenet');
  const block = (x: ValueId): ValueId => {
    const [n, c, h, w] = net.sizes(x);
    const half = (start: number): ValueId =>
      net.add('slice', [x], { starts: [0, start, 0, 0], steps: [1, 1, 1, 1], sizes: [n!, c! / 2, h!, w!] });
    const inner = net.conv(half(c! / 2), c! / 2, 1, { act: 'relu' });
    const right = net.conv(net.conv(inner, c! / 2, 3, { group: c! / 2 }), c! / 2, 1, { act: 'relu' });
    const joined = net.add('concat', [half(0), right], { axis: 1 });
    const split = net.add('reshape', [joined], { shape: [n!, 2, c! / 2, h!, w!] });
    const turned = net.add('transpose', [split], { perm: [0, 2, 1, 3, 4] });
    return net.add('reshape', [turned], { shape: [n!, c!, h!, w!] });
  };
  const stem = net.conv(net.input([1, 3, 16, 16]), 16, 3, { stride: 2, act: 'relu' });
  return net.finish(net.conv(block(block(stem)), 8, 1));
}

/** Down, up by interpolation, and joined with what was on the way down. */
export function uNet(): Graph {
  const net = new Network('unet');
  const pool = (x: ValueId): ValueId => net.add('maxPool', [x], { kernel: [2, 2], strides: [2, 2] });
  const up = (x: ValueId): ValueId => {
    const [n, c, h, w] = net.sizes(x);
    return net.add('resize', [x], {
      sizes: [n!, c!, 2 * h!, 2 * w!],
      scales: [1, 1, 2, 2],
      mode: 'linear',
      coordinates: 'half_pixel',
    });
  };
  const first = net.conv(net.input([1, 3, 16, 16]), 8, 3, { act: 'relu' });
  const second = net.conv(pool(first), 16, 3, { act: 'relu' });
  const deep = net.conv(pool(second), 16, 3, { act: 'relu' });
  const middle = net.conv(net.add('concat', [up(deep), second], { axis: 1 }), 16, 3, { act: 'relu' });
  const last = net.conv(net.add('concat', [up(middle), first], { axis: 1 }), 8, 3, { act: 'relu' });
  return net.finish(net.add('sigmoid', [net.add('conv', [last, net.weights([1, 8, 1, 1])])]));
}

/** Pre-norm or post-norm blocks with several heads, spelt out, and a padding mask. */
export function transformerBlock(options: { heads: number; preNorm: boolean; masked: boolean }): Graph {
  const net = new Network('transformer');
  const [batch, length, width] = [1, 10, 24];
  const { heads, preNorm, masked } = options;
  const x = net.input([batch, length, width]);
  const depth = width / heads;
  const attend = (from: ValueId): ValueId => {
    const project = (perm: readonly number[]): ValueId => {
      const rows = net.add('reshape', [net.linear(from, width)], { shape: [batch, length, heads, depth] });
      return net.add('transpose', [rows], { perm });
    };
    const scores = net.add('matmul', [project([0, 2, 1, 3]), project([0, 2, 3, 1])]);
    const scaled = net.add('div', [scores, net.scalar(Math.sqrt(depth))]);
    const seen = masked ? net.add('add', [scaled, net.weights([batch, 1, 1, length])]) : scaled;
    const mixed = net.add('matmul', [net.add('softmax', [seen], { axis: 3 }), project([0, 2, 1, 3])]);
    const joined = net.add('transpose', [mixed], { perm: [0, 2, 1, 3] });
    return net.linear(net.add('reshape', [joined], { shape: [batch, length, width] }), width);
  };
  const feed = (from: ValueId): ValueId => {
    const hidden = net.linear(from, 4 * width);
    const gate = net.add('add', [net.add('erf', [net.add('div', [hidden, net.scalar(Math.SQRT2)])]), net.scalar(1)]);
    const gelu = net.add('mul', [net.add('mul', [hidden, gate]), net.scalar(0.5)]);
    return net.linear(gelu, width);
  };
  if (preNorm) {
    const middle = net.add('add', [x, attend(net.norm(x))]);
    return net.finish(net.add('add', [middle, feed(net.norm(middle))]));
  }
  const middle = net.norm(net.add('add', [x, attend(x)]));
  return net.finish(net.norm(net.add('add', [middle, feed(middle)])));
}
