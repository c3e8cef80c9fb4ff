import type { ValueId } from '../../ir/graph.ts';
import type { Initial } from './initial.ts';
import type { Network } from './network.ts';
import { requireCount, requireMultiple, requireSizes } from './require-options.ts';

/** The shape of a Transformer. */
export interface TransformerSizes {
  /** of a token's vector; `heads` divides it */
  readonly width: number;
  /** blocks */
  readonly depth: number;
  readonly heads: number;
  /** units of the feed-forward network */
  readonly hidden: number;
}

export interface TransformerOptions extends TransformerSizes {
  /** pre: x + f(norm(x)) (and no norm behind the last block); post: norm(x + f(x)) */
  readonly norm: 'pre' | 'post';
  /** of all weights but those that end a residual branch */
  readonly initial: Initial;
  /** of those; default: `initial` */
  readonly residualInitial?: Initial;
  /** added to the scores, broadcast to [1, heads, T, T] */
  readonly mask?: ValueId;
}

export function requireTransformer(model: string, { width, depth, heads, hidden }: TransformerSizes): void {
  requireSizes(model, { width, heads, hidden });
  requireCount(model, 'depth', depth);
  requireMultiple(model, ['width', width], ['heads', heads]);
}

/** Tokens [1, T, width] through `depth` blocks of attention and a gelu network (Vaswani et al. 2017). */
export function transformer(net: Network, tokens: ValueId, options: TransformerOptions): ValueId {
  const sublayer = (name: string, x: ValueId, write: (from: ValueId) => ValueId): ValueId =>
    options.norm === 'pre'
      ? net.node(`${name}.add`, 'add', [x, write(net.layerNorm(`${name}.norm`, x))])
      : net.layerNorm(`${name}.norm`, net.node(`${name}.add`, 'add', [x, write(x)]));
  const block = (x: ValueId, name: string): ValueId => {
    const mixed = sublayer(`${name}.attention`, x, (from) => attention(net, `${name}.attention`, from, options));
    return sublayer(`${name}.mlp`, mixed, (from) => feedForward(net, `${name}.mlp`, from, options));
  };
  return Array.from({ length: options.depth }, (_, i) => `block${i + 1}`).reduce(block, tokens);
}

/** x [1, T, width] -> softmax(q k^T / sqrt(d) + mask) v per head of d = width / heads, and a linear map of all heads. */
function attention(net: Network, name: string, x: ValueId, options: TransformerOptions): ValueId {
  const { width, heads, initial, residualInitial = initial, mask } = options;
  const [length, depth] = [net.size(x, 1), width / heads];
  const project = (to: string): ValueId => {
    const rows = net.linear(`${name}.${to}`, x, width, { initial });
    const split = net.node(`${name}.${to}.split`, 'reshape', [rows], { shape: [1, length, heads, depth] });
    return net.node(`${name}.${to}.heads`, 'transpose', [split], { perm: [0, 2, 1, 3] });
  };
  const operands = [project('query'), project('key'), project('value'), ...(mask === undefined ? [] : [mask])];
  const mixed = net.node(name, 'attention', operands, { scale: 1 / Math.sqrt(depth) });
  const turned = net.node(`${name}.turned`, 'transpose', [mixed], { perm: [0, 2, 1, 3] });
  const joined = net.node(`${name}.joined`, 'reshape', [turned], { shape: [1, length, width] });
  return net.linear(`${name}.output`, joined, width, { initial: residualInitial });
}

/** x [..., K] -> linear, gelu [..., hidden] -> linear [..., K] */
export function feedForward(
  net: Network,
  name: string,
  x: ValueId,
  options: Pick<TransformerOptions, 'hidden' | 'initial' | 'residualInitial'>,
): ValueId {
  const { hidden, initial, residualInitial = initial } = options;
  const active = net.node(`${name}.act`, 'gelu', [net.linear(`${name}.fc1`, x, hidden, { initial })]);
  return net.linear(`${name}.fc2`, active, net.size(x, -1), { initial: residualInitial });
}
