import * as tf from '@tensorflow/tfjs';
import { methodOptionsInvalid } from '../../diagnostics/train.ts';
import { type Matrix, sliceColumns, sliceRows } from '../../linalg/matrix.ts';
import { multiply } from '../../linalg/multiply.ts';
import { splitProduct } from '../../linalg/split-product.ts';
import { factorNames, rewriteProducts } from '../../rewrite/layer-product.ts';
import type { Parameter, Parameters } from '../parameters.ts';
import { chooseLayers } from './choose-layers.ts';
import type { Method, Seen } from './method.ts';

/**
 * Maestro (Horvath, Laskaridis, Rajput, Wang, ICML 2024, arXiv 2308.14929; papers.md 4.2). Each layer is trained as U V' of
 * its full rank, from the SVD with the root of S on both sides. Each step draws one layer and one rank b, both uniformly, and
 * runs that layer as U[:, :b] V[:, :b]', so that ranks are ordered by what they are worth, and the loss gets
 *
 *     strength sum over layers and b of ||U[:, b:]|| + ||V[:, b:]||          (group lasso over nested tails)
 *
 * After each epoch ranks from b on are dropped for good where ||U[:, b:]|| ||V[:, b:]|| is below the threshold; one stays. At
 * the end a layer is two where r (i + o) < i o, else one.
 */
export interface MaestroOptions {
  /** of the penalty; 1e-3 by default, 0 for none */
  readonly strength?: number;
  /** below this, ranks are dropped; 0.05 by default */
  readonly threshold?: number;
  /** names of nodes; by default all linear layers and ungrouped convolutions */
  readonly layers?: readonly string[];
}

const method = 'maestro';

/** Trains ordered low-rank factors and drops ranks that come to little (`MaestroOptions`). @throws LccError LCC8007 */
export function maestro(options: MaestroOptions = {}): Method {
  const { strength = 1e-3, threshold = 0.05, layers } = options;
  for (const [name, value] of Object.entries({ strength, threshold }))
    if (!(value >= 0 && Number.isFinite(value)))
      throw methodOptionsInvalid(method, `${name} is ${value}`, `Give ${name} as a number of at least 0.`);
  return {
    name: method,
    settings: options,
    prepare(graph) {
      const names = chooseLayers(method, graph, layers).map(({ parameter }) => parameter);
      const counts = (each: number) => new Map(names.map((name) => [name, each]));
      const ranks = new Map<string, number>();
      let drawn: { readonly first: string; readonly rank: number } | undefined;
      return {
        graph: rewriteProducts(graph, counts(1), ([w]) => (w ? splitProduct(w, 2) : [])).graph,
        begin(parameters) {
          for (const name of names) ranks.set(name, rankOf(pairOf(parameters, name)));
        },
        draw(_, random) {
          const name = names[Math.floor(random.uniform(0, names.length))] ?? '';
          const rank = 1 + Math.floor(random.uniform(0, ranks.get(name) ?? 1));
          drawn = { first: firstOf(name), rank };
        },
        see: (name, seen) => (name === drawn?.first ? firstRows(seen, drawn.rank) : seen),
        ...(strength > 0 && {
          penalty: (parameters: Parameters) =>
            tf.mul(tf.addN(names.map((name) => tailNorms(pairOf(parameters, name)))), strength) as tf.Scalar,
        }),
        afterStep(parameters) {
          drawn = undefined;
          // momentum still moves what was dropped
          for (const name of names) dropFrom(parameters, pairOf(parameters, name), ranks.get(name) ?? 1);
        },
        afterEpoch(parameters) {
          for (const name of names) {
            const pair = pairOf(parameters, name);
            const rank = Math.min(ranks.get(name) ?? 1, rankThatCounts(pair, threshold));
            ranks.set(name, rank);
            dropFrom(parameters, pair, rank);
          }
        },
        status: () => Object.fromEntries([...ranks].map(([name, rank]) => [`${name}.rank`, rank])),
        finish(trained) {
          const notes: string[] = [];
          const { graph: finished, missed } = rewriteProducts(trained, counts(2), (factors, name) => {
            const { written, note } = trim(factors);
            notes.push(`${name}: ${note}.`);
            return written;
          });
          notes.push(...missed.map((name) => `${name} stays two layers: what is between them has changed.`));
          return { graph: finished, notes };
        },
      };
    },
  };
}

/** V' [r, K] or [r, C, taps...] with U [N, r] or [N, r, ones...], as they train. */
interface Pair {
  readonly first: Parameter;
  readonly second: Parameter;
}

const firstOf = (name: string): string => factorNames(name, 2)[0] ?? '';

function pairOf(parameters: Parameters, name: string): Pair {
  const [first = '', second = ''] = factorNames(name, 2);
  return { first: parameters.named(first), second: parameters.named(second) };
}

/** Rows of V' from `rank` on as zeros: whatever U has for them is multiplied by 0. */
function firstRows({ tensor, values }: Seen, rank: number): Seen {
  const [rows = 1, ...tail] = tensor.shape;
  const mask = Float32Array.from({ length: rows }, (_, j) => (j < rank ? 1 : 0));
  return {
    tensor: tf.mul(tensor, tf.tensor(mask, [rows, ...tail.map(() => 1)])),
    values: () => values().map((v, at) => (at < (rank * tensor.size) / rows ? v : 0)),
  };
}

/** Keeps the slope of a root finite where all is 0. */
const leastSquare = 1e-12;

/** sum over b of ||U[:, b:]|| + ||V[:, b:]|| */
function tailNorms({ first, second }: Pair): tf.Tensor {
  const norms = ({ variable }: Parameter, axis: number): tf.Tensor => {
    const others = variable.shape.flatMap((_, d) => (d === axis ? [] : [d]));
    const tails = tf.cumsum(tf.sum(tf.square(variable), others), 0, false, true);
    return tf.sum(tf.sqrt(tf.add(tails, leastSquare)));
  };
  return tf.add(norms(first, 0), norms(second, 1));
}

/** Squares of each row of V' and column of U. */
function squaresOf({ first, second }: Pair): { readonly rows: Float64Array; readonly columns: Float64Array } {
  const rank = first.shape[0] ?? 1;
  const each = first.values.length / rank;
  const [rows, columns] = [new Float64Array(rank), new Float64Array(rank)];
  first.values.forEach((v, at) => {
    const j = Math.floor(at / each);
    rows[j] = (rows[j] ?? 0) + v * v;
  });
  second.values.forEach((v, at) => {
    columns[at % rank] = (columns[at % rank] ?? 0) + v * v;
  });
  return { rows, columns };
}

/** Up to the last row of V' that is not 0, at least 1: what was dropped is 0. */
const rankOf = (pair: Pair): number => Math.max(1, 1 + squaresOf(pair).rows.findLastIndex((square) => square > 0));

/** The least b, from 1 on, with ||U[:, b:]|| ||V[:, b:]|| below the threshold. */
function rankThatCounts(pair: Pair, threshold: number): number {
  const { rows, columns } = squaresOf(pair);
  let [row, column, rank] = [0, 0, rows.length];
  for (; rank > 1; rank--) {
    row += rows[rank - 1] ?? 0;
    column += columns[rank - 1] ?? 0;
    if (Math.sqrt(row * column) >= threshold) break;
  }
  return rank;
}

/** Sets what ranks from `rank` on have to 0, where it is not. */
function dropFrom(parameters: Parameters, { first, second }: Pair, rank: number): void {
  const all = first.shape[0] ?? 1;
  if (rank >= all) return;
  const tail = first.values.subarray((rank * first.values.length) / all);
  if (tail.some((v) => v !== 0)) {
    tail.fill(0);
    parameters.update(first);
  }
  const { values } = second;
  if (!values.some((v, at) => at % all >= rank && v !== 0)) return;
  for (let at = 0; at < values.length; at++) if (at % all >= rank) values[at] = 0;
  parameters.update(second);
}

/** The factors without what was dropped, or their product where that is no larger. */
function trim([first, second]: readonly Matrix[]): { readonly written: readonly Matrix[]; readonly note: string } {
  if (!first || !second) return { written: [], note: 'has no factors' };
  const { columns } = first;
  const all = first.rows;
  const rank = Math.max(1, 1 + Math.floor(first.data.findLastIndex((v) => v !== 0) / columns));
  const [inner, outer] = [sliceRows(first, 0, rank), sliceColumns(second, 0, rank)];
  const isSmaller = rank * (columns + outer.rows) < columns * outer.rows;
  const note = `rank ${rank} of ${all}, as ${isSmaller ? 'two layers' : 'one layer'}`;
  return { written: isSmaller ? [inner, outer] : [multiply(outer, inner)], note };
}
