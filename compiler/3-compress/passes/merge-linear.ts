import type { ValueId } from '../../ir/graph.ts';
import { producerOf } from '../../rewrite/match.ts';
import type { Rewriter, Rule } from '../../rewrite/rebuild.ts';
import { numbersOf, tensorOf } from '../../tensor/convert.ts';
import { sizeAt, sizesOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** matmul(x, W [K, N]) with constant W, of rank 2 -> linear(x, W^T), so that later passes see one form. */
export const matmulToLinear: Rule = ({ node, inputs }, rewriter) => {
  const [x, weightId] = inputs;
  const weights = weightId === undefined ? undefined : rewriter.known(weightId);
  if (node.op !== 'matmul' || x === undefined || !weights || weights.shape.length !== 2) return undefined;
  if (rewriter.known(x) !== undefined) return undefined;
  return [rewriter.add('linear', [x, rewriter.constant(transpose(weights))], {}, node.name)];
};

/** linear(x, W) + b with constant b [N] (leading ones allowed) -> linear(x, W, b); a bias already there is added to. */
export const absorbLinearBias: Rule = ({ node, inputs }, rewriter) => {
  if (node.op !== 'add') return undefined;
  for (const id of inputs) {
    const linear = producerOf(rewriter, id, 'linear');
    const other = inputs.find((o) => o !== id);
    const bias = other === undefined ? undefined : rewriter.known(other);
    const [x, weights, oldBias] = linear?.inputs ?? [];
    if (!linear || x === undefined || weights === undefined || !bias || rewriter.uses(id) !== 1) continue;
    const n = sizeAt(rewriter.typeOf(id).shape, -1);
    const sizes = sizesOf(bias.shape);
    if (sizes.at(-1) !== n || sizes.slice(0, -1).some((s) => s !== 1)) continue;
    if (sizes.length > rewriter.typeOf(id).shape.length) continue;
    const flat = rewriter.constant(tensorOf(bias.dtype, [n], numbersOf(bias)));
    const total = oldBias === undefined ? flat : rewriter.add('add', [oldBias, flat], {}, linear.name);
    return [rewriter.add('linear', [x, weights, total], {}, linear.name)];
  }
  return undefined;
};

/**
 * Two linear layers with nothing between are one: W = W2 W1, b = W2 b1 + b2 (float64), where that is not larger than
 * the two.
 */
export const mergeLinear: Rule = ({ node, inputs }, rewriter) => {
  if (node.op !== 'linear') return undefined;
  const [hidden, ...outerIds] = inputs;
  const inner =
    hidden === undefined || rewriter.uses(hidden) !== 1 ? undefined : producerOf(rewriter, hidden, 'linear');
  const [x, ...innerIds] = inner?.inputs ?? [];
  const outer = layerOf(outerIds, rewriter);
  const first = layerOf(innerIds, rewriter);
  if (!inner || x === undefined || !outer || !first) return undefined;
  const [rows, hiddenSize, columns] = [
    sizeAt(outer.weights.shape, 0),
    sizeAt(first.weights.shape, 0),
    sizeAt(first.weights.shape, 1),
  ];
  if (rows * columns > hiddenSize * (rows + columns)) return undefined;
  const w = multiply(numbersOf(outer.weights), numbersOf(first.weights), rows, hiddenSize, columns);
  const weights = rewriter.constant(tensorOf(outer.weights.dtype, [rows, columns], w));
  if (!first.bias && !outer.bias) return [rewriter.add('linear', [x, weights], {}, node.name)];
  const carried = first.bias
    ? multiply(numbersOf(outer.weights), numbersOf(first.bias), rows, hiddenSize, 1)
    : new Float64Array(rows);
  const own = outer.bias ? numbersOf(outer.bias) : [];
  const bias = tensorOf(
    outer.weights.dtype,
    [rows],
    Array.from(carried, (v, i) => v + (own[i] ?? 0)),
  );
  return [rewriter.add('linear', [x, weights, rewriter.constant(bias)], {}, node.name)];
};

interface Layer {
  readonly weights: Tensor;
  readonly bias: Tensor | undefined;
}

function layerOf(ids: readonly ValueId[], rewriter: Rewriter): Layer | undefined {
  const [weightId, biasId] = ids;
  const weights = weightId === undefined ? undefined : rewriter.known(weightId);
  const bias = biasId === undefined ? undefined : rewriter.known(biasId);
  return !weights || (biasId !== undefined && !bias) ? undefined : { weights, bias };
}

/** [rows, inner] x [inner, columns], row-major, float64. */
function multiply(a: readonly number[], b: readonly number[], rows: number, inner: number, columns: number): number[] {
  const out = new Array<number>(rows * columns).fill(0);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const v = a[i * inner + k] ?? 0;
      for (let j = 0; j < columns; j++)
        out[i * columns + j] = (out[i * columns + j] ?? 0) + v * (b[k * columns + j] ?? 0);
    }
  }
  return out;
}

function transpose(m: Tensor): Tensor {
  const [rows, columns] = [sizeAt(m.shape, 0), sizeAt(m.shape, 1)];
  const values = numbersOf(m);
  const turned = Array.from(
    { length: rows * columns },
    (_, i) => values[(i % rows) * columns + Math.floor(i / rows)] ?? 0,
  );
  return tensorOf(m.dtype, [columns, rows], turned);
}
