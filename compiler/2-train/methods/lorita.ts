import { methodOptionsInvalid } from '../../diagnostics/train.ts';
import { type Matrix, makeMatrix } from '../../linalg/matrix.ts';
import { multiply } from '../../linalg/multiply.ts';
import { splitProduct } from '../../linalg/split-product.ts';
import { rewriteProducts } from '../../rewrite/layer-product.ts';
import { makeRandom, type Random } from '../random.ts';
import { chooseLayers } from './choose-layers.ts';
import type { Method } from './method.ts';

/**
 * LoRITa (Zhang, Alkhouri, Wang, TMLR 2024, arXiv 2405.03089; papers.md 3). Each layer is trained as a product of N, with nothing
 * between and the bias at the last, under ordinary weight decay:
 *
 *     linear   [i -> o]:          N - 1 of [i -> i], then [i -> o]
 *     conv     [C -> o, k x k]:   [C -> o, k x k], then N - 1 of [o -> o, 1 x 1]
 *
 * The least sum of squares of the factors of W is N sum of sigma^(2 / N): decay of all of them draws the small singular values
 * of W to 0 (N = 2: the nuclear norm), and what the training leaves loses little when its rank is cut. The decay has to be the
 * coupled one (`sgd`, `adam`). Multiplied out in float64 at the end: the layers have their shapes again.
 */
export interface LoritaOptions {
  /** N; 3 by default, 1 is ordinary training */
  readonly factors?: number;
  /** names of nodes; by default all linear layers and ungrouped convolutions */
  readonly layers?: readonly string[];
  /**
   * `from weights`, the default: the factors' product is the network that came, and of all such factors they have the least
   * sum of squares, so that decay has nothing to even out first. `anew`, as the paper does it and stronger where a network is
   * trained from the beginning: each factor is drawn uniform within 1 / sqrt(inputs) (PyTorch's default) whatever the weights
   * were. Biases stay.
   */
  readonly start?: 'from weights' | 'anew';
  /** of what is drawn anew; 1 */
  readonly seed?: number;
}

const method = 'lorita';

/** Trains each layer as a product of factors, so that it has low rank in the end (`LoritaOptions`). @throws LccError LCC8007 */
export function lorita(options: LoritaOptions = {}): Method {
  const { factors: count = 3, layers, start = 'from weights', seed = 1 } = options;
  if (!(Number.isSafeInteger(count) && count >= 1))
    throw methodOptionsInvalid(
      method,
      `factors is ${count}`,
      'Give factors as a whole number of at least 1, such as 3.',
    );
  return {
    name: method,
    settings: options,
    prepare(graph) {
      const chosen = new Map(chooseLayers(method, graph, layers).map((layer) => [layer.parameter, layer]));
      const counts = (each: number) => new Map([...chosen.keys()].map((name) => [name, each]));
      const random = makeRandom(seed);
      const split = ([w]: readonly Matrix[], name: string): Matrix[] => {
        if (!w) return [];
        const inner = chosen.get(name)?.op === 'conv' ? w.rows : w.columns;
        return start === 'anew' ? drawFactors(w, count, inner, random) : splitProduct(w, count, inner);
      };
      return {
        graph: rewriteProducts(graph, counts(1), split).graph,
        finish(trained) {
          const { graph: merged, missed } = rewriteProducts(trained, counts(count), (factors) => [productOf(factors)]);
          const notes = missed.map((name) => `${name} stays ${count} layers: what is between them has changed.`);
          return { graph: merged, notes };
        },
      };
    },
  };
}

/** F_n ... F_1 */
const productOf = (factors: readonly Matrix[]): Matrix => factors.reduce((inner, outer) => multiply(outer, inner));

/** Each uniform within 1 / sqrt(inputs). */
function drawFactors({ rows, columns }: Matrix, count: number, inner: number, random: Random): Matrix[] {
  return Array.from({ length: count }, (_, i) => {
    const [n, k] = [i === count - 1 ? rows : inner, i === 0 ? columns : inner];
    const limit = 1 / Math.sqrt(k);
    return makeMatrix(
      n,
      k,
      Float64Array.from({ length: n * k }, () => random.uniform(-limit, limit)),
    );
  });
}
