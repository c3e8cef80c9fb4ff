import { heNormal, type Initial } from './initial.ts';

/** prelu learns one slope per layer. */
export type Activation = 'relu' | 'leakyRelu' | 'prelu' | 'elu' | 'gelu' | 'silu' | 'tanh';

/** He et al. 2015 for the weight ahead of an activation; `slope` is that of leakyRelu and prelu. */
export function initialFor(activation: Activation, slope: number): Initial {
  const isSloped = activation === 'leakyRelu' || activation === 'prelu';
  if (activation === 'tanh') return heNormal(1);
  return heNormal(Math.sqrt(2 / (1 + (isSloped ? slope ** 2 : 0))));
}
