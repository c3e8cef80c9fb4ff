import type { ValueId } from '../../ir/graph.ts';
import type { ImageSizes, MakeModel } from './make-model.ts';
import { type ConvOptions, Network } from './network.ts';
import { requireSizes, requireSome } from './require-options.ts';

export interface ResNetOptions {
  /** [C, H, W] of `image` [1, C, H, W] */
  readonly inputs?: ImageSizes;
  /** of each stage; every stage but the first halves the image, rounding up */
  readonly channels?: readonly number[];
  /** in each stage; with three stages n blocks make ResNet-(6n + 2) */
  readonly blocks?: number;
  readonly classes?: number;
}

/**
 * The ResNet of He et al. 2015, section 4.2: image -> conv 3x3, batchNorm, relu -> stages of blocks -> mean over the
 * image [1, C] -> linear: logits [1, classes]. A shortcut to another shape is conv 1x1, batchNorm (their option B).
 * Weights are He's normal. LCC8001.
 */
export function resNet(options: ResNetOptions = {}): MakeModel {
  const { inputs = [3, 32, 32], channels = [16, 32, 64], blocks = 3, classes = 10 } = options;
  requireSizes('resNet', { inputs, channels, blocks, classes });
  requireSome('resNet', { channels });
  return (seed) => {
    const net = new Network('resNet', seed);
    const stage = (x: ValueId, m: number, s: number): ValueId =>
      Array.from({ length: blocks }, (_, b) => b).reduce(
        (from, b) => block(net, `stage${s + 1}.block${b + 1}`, from, m, s > 0 && b === 0 ? 2 : 1),
        x,
      );
    const image = net.input('image', 'float32', [1, ...inputs]);
    const stem = convNorm(net, 'stem', image, channels[0] ?? 1, { kernel: 3, padding: 1 });
    const features = channels.reduce(stage, net.node('stem.act', 'relu', [stem]));
    const mean = net.node('mean', 'reduce', [features], { kind: 'mean', axes: [2, 3], keepDims: false });
    return net.finish(net.linear('head', mean, classes));
  };
}

/** x [1, C, H, W] -> relu(shortcut(x) + conv(relu(conv(x)))) [1, m, H / stride, W / stride] */
function block(net: Network, name: string, x: ValueId, m: number, stride: number): ValueId {
  const first = convNorm(net, `${name}.conv1`, x, m, { kernel: 3, padding: 1, stride });
  const active = net.node(`${name}.conv1.act`, 'relu', [first]);
  const second = convNorm(net, `${name}.conv2`, active, m, { kernel: 3, padding: 1 });
  const isSame = stride === 1 && net.size(x, 1) === m;
  const shortcut = isSame ? x : convNorm(net, `${name}.shortcut`, x, m, { kernel: 1, stride });
  return net.node(`${name}.act`, 'relu', [net.node(`${name}.add`, 'add', [second, shortcut])]);
}

function convNorm(net: Network, name: string, x: ValueId, m: number, options: ConvOptions): ValueId {
  return net.batchNorm(`${name}.norm`, net.conv(name, x, m, { ...options, bias: false }));
}
