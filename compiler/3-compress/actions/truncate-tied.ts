import { countReaders } from '../../ir/count-readers.ts';
import type { Graph, Node, ValueId } from '../../ir/graph.ts';
import { type Matrix, makeMatrix, sliceColumns, transpose } from '../../linalg/matrix.ts';
import { Moments } from '../../linalg/moments.ts';
import { gram, multiply, transposedMultiply } from '../../linalg/multiply.ts';
import { symmetricEigen } from '../../linalg/symmetric-eigen.ts';
import { float32 } from '../../rewrite/factor-layer.ts';
import type { Rule } from '../../rewrite/rebuild.ts';
import { isTableOf, isWeightOf, tiedConstants } from '../../rewrite/tied-constants.ts';
import { uniqueNames } from '../../rewrite/unique-names.ts';
import { numbersOf } from '../../tensor/convert.ts';
import { elementCount, sizeAt } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Candidate, FindCandidates, Level } from '../candidate.ts';
import { factorTable, gatherFactors, ranksOf, type TableFactors } from './truncate-embedding.ts';

/**
 * Low rank of tied embeddings, both readers together: with the table T = A B' on a basis U of the second moment of its rows
 * (as the data uses them, each once more, as in truncateEmbedding),
 *
 *     row = B A[i] + (I - U U') m,   T h + b = A (B' h) + b + T (I - U U') E[h],
 *
 * so that A stays one constant. With G = T' T the layer's error is trace(G R Cov(h) R) / trace(G Cov(h)), R = I - U U'; the
 * place's is that and the relative one of the rows together.
 */
export const truncateTied: FindCandidates = (graph) => {
  const readers = countReaders(graph);
  const names = uniqueNames(graph);
  const ties = tiedConstants(graph);
  return graph.nodes.flatMap((gather) => {
    const place = placeOf(graph, gather, ties, readers);
    return place && names.has(place.name) ? [tiedCandidate(place)] : [];
  });
};

interface Place {
  /** of the layer's output */
  readonly name: string;
  readonly rowsId: ValueId;
  readonly rowsAxis: number;
  readonly x: ValueId;
  readonly y: ValueId;
  readonly axis: number;
  readonly table: Tensor;
  readonly bias: Float64Array;
  readonly rows: number;
  readonly width: number;
  /** how often one run gathers, and applies the weights */
  readonly positions: { readonly gather: number; readonly layer: number };
}

function placeOf(
  graph: Graph,
  gather: Node,
  ties: ReadonlyMap<ValueId, ValueId>,
  readers: ReadonlyMap<ValueId, number>,
): Place | undefined {
  const [tableId = -1] = gather.inputs;
  const table = graph.constants.get(tableId);
  if (!isTableOf(graph, gather, tableId) || table?.dtype !== 'float32' || table.stored) return undefined;
  const weights = ties.get(tableId) ?? tableId;
  const [layer, ...others] = graph.nodes.filter((node) => isWeightOf(node, weights));
  const count = weights === tableId ? readers.get(tableId) : (readers.get(tableId) ?? 0) + (readers.get(weights) ?? 0);
  if (layer?.op !== 'linear' || others.length > 0 || count !== 2) return undefined;
  const [x = -1, , b] = layer.inputs;
  const [y = -1] = layer.outputs;
  const [rowsId = -1] = gather.outputs;
  const bias = b === undefined ? undefined : graph.constants.get(b);
  const [made, gathered] = [graph.values.get(y), graph.values.get(rowsId)];
  if (!made || !gathered || (b !== undefined && !bias) || layer.attributes.inputScale !== undefined) return undefined;
  const [rows, width] = [sizeAt(table.shape, 0), sizeAt(table.shape, 1)];
  return {
    name: made.name,
    rowsId,
    rowsAxis: gathered.type.shape.length - 1,
    x,
    y,
    axis: made.type.shape.length - 1,
    table,
    bias: bias ? Float64Array.from(numbersOf(bias)) : new Float64Array(rows),
    rows,
    width,
    positions: {
      gather: elementCount(gathered.type.shape) / width,
      layer: elementCount(made.type.shape) / rows,
    },
  };
}

function tiedCandidate(place: Place): Candidate {
  const { name, rows, width, positions } = place;
  const keys = { rows: `tied rows of ${name}`, inputs: `inputs of tied ${name}` };
  return {
    pass: 'truncate-rank',
    name,
    output: place.y,
    axis: place.axis,
    parameters: rows * width,
    macs: rows * width * positions.layer,
    isHead: true,
    requests: [
      { key: keys.rows, values: [{ id: place.rowsId, axis: place.rowsAxis }] },
      { key: keys.inputs, values: [{ id: place.x, axis: place.axis }] },
    ],
    levels: (statistics) => tiedLevels(place, statistics.get(keys.rows), statistics.get(keys.inputs)),
  };
}

function tiedLevels(place: Place, seen: Moments | undefined, inputs: Moments | undefined): Level[] {
  const { rows, width, positions, rowsId } = place;
  const table = makeMatrix(rows, width, Float64Array.from(numbersOf(place.table)));
  if (!seen || !inputs || !table.data.every(Number.isFinite)) return [];
  const all = new Moments(width);
  all.add(table.data, rows);
  all.merge(seen);
  // about 0, not around the mean: the layer's weights keep theirs
  const { vectors } = symmetricEigen(all.secondMoment());
  const mean = all.mean();
  const rowErrors = lossOfRows(vectors, seen, mean);
  const layerErrors = lossOfLayer(vectors, gram(table), inputs.covariance());
  if (!rowErrors || !layerErrors) return [];
  return ranksOf(place).flatMap((rank): Level[] => {
    const parameters = rank * (rows + 2 * width);
    const error = (rowErrors[rank] ?? 0) + (layerErrors[rank] ?? 0);
    if (parameters >= rows * width || error >= 1) return [];
    let known: TableFactors | undefined;
    const basis = sliceColumns(vectors, 0, rank);
    const factors = (): TableFactors => {
      known ??= factorTable(table, basis, mean);
      return known;
    };
    return [
      {
        label: `rank ${rank}, tied`,
        error,
        parameters,
        macs: rank * (width * positions.gather + (width + rows) * positions.layer),
        rule: readFactors(factors, () => keptBias(place, table, basis, inputs.mean())),
        others: new Map([[rowsId, gatherFactors(factors)]]),
      },
    ];
  });
}

/** By rank r: E |(I - U U') (row - mean)|^2 over the variance of the rows; undefined where that is 0. */
function lossOfRows(vectors: Matrix, seen: Moments, mean: Float64Array): Float64Array | undefined {
  const away = seen.mean().map((v, i) => v - (mean[i] ?? 0));
  const { columns, data } = seen.covariance();
  const moment = makeMatrix(
    columns,
    columns,
    data.map((v, at) => v + (away[Math.floor(at / columns)] ?? 0) * (away[at % columns] ?? 0)),
  );
  const turned = multiply(transposedMultiply(vectors, moment), vectors);
  const one = makeMatrix(columns, columns);
  for (let i = 0; i < columns; i++) one.data[i * columns + i] = 1;
  let variance = 0;
  for (let i = 0; i < columns; i++) variance += data[i * columns + i] ?? 0;
  return variance > 0 ? tails(turned, one).map((loss) => loss / variance) : undefined;
}

/** By rank r: trace(G R C R) / trace(G C), as sums over the elements behind r of both in the basis. */
function lossOfLayer(vectors: Matrix, ofTable: Matrix, spread: Matrix): Float64Array | undefined {
  const inBasis = (a: Matrix): Matrix => multiply(transposedMultiply(vectors, a), vectors);
  const losses = tails(inBasis(ofTable), inBasis(spread));
  const total = losses[0] ?? 0;
  return total > 0 ? losses.map((loss) => loss / total) : undefined;
}

/** For each r from 0: the sum over i, j >= r of a_ij b_ij. */
function tails(a: Matrix, b: Matrix): Float64Array {
  const n = a.rows;
  const sums = new Float64Array(n + 1);
  for (let r = n - 1; r >= 0; r--) {
    let sum = (sums[r + 1] ?? 0) + (a.data[r * n + r] ?? 0) * (b.data[r * n + r] ?? 0);
    for (let j = r + 1; j < n; j++) sum += 2 * (a.data[r * n + j] ?? 0) * (b.data[r * n + j] ?? 0);
    sums[r] = sum;
  }
  return sums.map((sum) => Math.max(0, sum));
}

/** b + T (I - U U') E[h] */
function keptBias({ bias }: Place, table: Matrix, basis: Matrix, mean: Float64Array): Float64Array {
  const column = makeMatrix(mean.length, 1, Float64Array.from(mean));
  const kept = multiply(basis, transposedMultiply(basis, column)).data;
  const lost = makeMatrix(
    mean.length,
    1,
    mean.map((m, i) => m - (kept[i] ?? 0)),
  );
  const shift = multiply(table, lost).data;
  return bias.map((b, n) => b + (shift[n] ?? 0));
}

/** The second factor, transposed, then the first: A (B' h) + bias. */
const readFactors =
  (factors: () => TableFactors, bias: () => Float64Array): Rule =>
  ({ node, inputs }, rewriter) => {
    const [x, w] = inputs;
    if (node.op !== 'linear' || x === undefined || w === undefined) return undefined;
    const { first, second } = factors();
    const name = rewriter.nameOf(w);
    const inner = rewriter.constant(float32([second.columns, second.rows], transpose(second).data), `${name}.inner`);
    const hidden = rewriter.add('linear', [x, inner], {}, `${node.name}.inner`);
    const outer = rewriter.constant(float32([first.columns, first.rows], transpose(first).data), `${name}.outer`);
    const shift = rewriter.constant(float32([first.columns], bias()), `${name}.bias`);
    return [rewriter.add('linear', [hidden, outer, shift], {}, node.name)];
  };
