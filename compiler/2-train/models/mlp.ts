import type { ValueId } from '../../ir/graph.ts';
import { type Activation, initialFor } from './activation.ts';
import { flatImage } from './flat-image.ts';
import type { ImageSizes, MakeModel } from './make-model.ts';
import { Network } from './network.ts';
import { requireSizes } from './require-options.ts';

export interface MlpOptions {
  /** [C, H, W] of `image` [1, C, H, W], or n of [1, n] */
  readonly inputs?: ImageSizes | number;
  /** width of each hidden layer; none makes a linear classifier */
  readonly hidden?: readonly number[];
  readonly classes?: number;
  readonly activation?: Activation;
  /** of leakyRelu, and where prelu starts */
  readonly slope?: number;
  /** between each hidden layer and its activation, in place of the bias */
  readonly batchNorm?: boolean;
}

/** image -> [linear, batchNorm, activation] for each width -> linear: logits [1, classes]. LCC8001. */
export function mlp(options: MlpOptions = {}): MakeModel {
  const { inputs = [1, 28, 28], hidden = [256, 256], classes = 10 } = options;
  const { activation = 'relu', slope = 0.01, batchNorm = false } = options;
  requireSizes('mlp', { inputs, hidden, classes });
  const initial = initialFor(activation, slope);
  return (seed) => {
    const net = new Network('mlp', seed);
    const layer = (x: ValueId, width: number, i: number): ValueId => {
      const sum = net.linear(`fc${i + 1}`, x, width, { initial, bias: !batchNorm });
      const standard = batchNorm ? net.batchNorm(`fc${i + 1}.norm`, sum) : sum;
      return net.activation(`fc${i + 1}.act`, standard, activation, slope);
    };
    return net.finish(net.linear('head', hidden.reduce(layer, flatImage(net, inputs)), classes));
  };
}
