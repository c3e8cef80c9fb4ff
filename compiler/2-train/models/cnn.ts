import { modelOptionsInvalid } from '../../diagnostics/train.ts';
import type { ValueId } from '../../ir/graph.ts';
import { heNormal } from './initial.ts';
import type { ImageSizes, MakeModel } from './make-model.ts';
import { Network } from './network.ts';
import { requireSizes, requireSome } from './require-options.ts';

export interface CnnOptions {
  /** [C, H, W] of `image` [1, C, H, W] */
  readonly inputs?: ImageSizes;
  /** of each convolution */
  readonly channels?: readonly number[];
  /** odd */
  readonly kernel?: number;
  /** width of each hidden linear layer */
  readonly dense?: readonly number[];
  readonly classes?: number;
  /** ahead of each relu of a convolution, in place of the bias */
  readonly batchNorm?: boolean;
}

/**
 * image -> [conv that keeps the size, batchNorm, relu, maxPool 2] for each of `channels` -> [linear, relu] for each of
 * `dense` -> linear: logits [1, classes]. LCC8001.
 */
export function cnn(options: CnnOptions = {}): MakeModel {
  const { inputs = [1, 28, 28], channels = [32, 64], kernel = 3 } = options;
  const { dense = [128], classes = 10, batchNorm = false } = options;
  requireSizes('cnn', { inputs, channels, kernel, dense, classes });
  requireSome('cnn', { channels });
  requireFits(inputs, kernel, channels.length);
  return (seed) => {
    const net = new Network('cnn', seed);
    const stage = (x: ValueId, m: number, i: number): ValueId => {
      const sum = net.conv(`conv${i + 1}`, x, m, { kernel, padding: (kernel - 1) / 2, bias: !batchNorm });
      const standard = batchNorm ? net.batchNorm(`conv${i + 1}.norm`, sum) : sum;
      const active = net.node(`conv${i + 1}.act`, 'relu', [standard]);
      return net.node(`pool${i + 1}`, 'maxPool', [active], { kernel: [2, 2], strides: [2, 2] });
    };
    const layer = (x: ValueId, width: number, i: number): ValueId =>
      net.node(`fc${i + 1}.act`, 'relu', [net.linear(`fc${i + 1}`, x, width, { initial: heNormal() })]);
    const features = channels.reduce(stage, net.input('image', 'float32', [1, ...inputs]));
    return net.finish(net.linear('head', dense.reduce(layer, net.flatten('flatten', features)), classes));
  };
}

function requireFits([, height, width]: ImageSizes, kernel: number, stages: number): void {
  const side = Math.min(height, width);
  if (kernel % 2 === 0) throw modelOptionsInvalid('cnn', `kernel ${kernel} is even`, 'Give an odd kernel: 3, 5 or 7.');
  if (kernel > side) {
    const what = `kernel ${kernel} is larger than an image of ${height}x${width}`;
    throw modelOptionsInvalid('cnn', what, `Give a kernel of at most ${side}.`);
  }
  const most = Math.floor(Math.log2(side));
  if (stages > most) {
    const what = `an image of ${height}x${width} cannot be halved ${stages} times`;
    throw modelOptionsInvalid('cnn', what, `Give at most ${most} channels.`);
  }
}
