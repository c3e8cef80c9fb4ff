import { countReaders } from '../../ir/count-readers.ts';
import type { Graph, Node, ValueId } from '../../ir/graph.ts';
import { type Matrix, makeMatrix, sliceColumns, transpose } from '../../linalg/matrix.ts';
import { Moments } from '../../linalg/moments.ts';
import { multiply, multiplyTransposed } from '../../linalg/multiply.ts';
import { symmetricEigen } from '../../linalg/symmetric-eigen.ts';
import { balanceFactors } from '../../rewrite/balance-factors.ts';
import { float32 } from '../../rewrite/factor-layer.ts';
import type { Rule } from '../../rewrite/rebuild.ts';
import { tiedConstants } from '../../rewrite/tied-constants.ts';
import { uniqueNames } from '../../rewrite/unique-names.ts';
import { elementCount, sizeAt } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Candidate, FindCandidates, Level } from '../candidate.ts';

/**
 * Low rank of an embedding table [V, d]: rows of a table [V, r] are gathered, then a linear layer makes d of r. The basis
 * is that of the rows as the data uses them, each row of the table counted once more, so that rows not seen in calibration
 * keep their say: with C the covariance of all these rows and m their mean,
 *
 *     C = U g U',   table' = T U_r,   row = U_r table'[i] + (I - U_r U_r') m.
 *
 * Tables that are a layer's weights too are left to `truncateTied`.
 */
export const truncateEmbedding: FindCandidates = (graph) => {
  const readers = countReaders(graph);
  const names = uniqueNames(graph);
  const ties = tiedConstants(graph);
  return graph.nodes.flatMap((node) => {
    const place = ties.has(node.inputs[0] ?? -1) ? undefined : placeOf(graph, node, readers);
    return place && names.has(place.name) ? [embeddingCandidate(place)] : [];
  });
};

interface Place {
  readonly name: string;
  readonly output: ValueId;
  readonly axis: number;
  readonly table: Tensor;
  readonly rows: number;
  readonly width: number;
  readonly positions: number;
}

function placeOf(graph: Graph, node: Node, readers: ReadonlyMap<ValueId, number>): Place | undefined {
  const [tableId, indices] = node.inputs;
  const [output] = node.outputs;
  if (node.op !== 'gather' || Number(node.attributes.axis ?? 0) !== 0) return undefined;
  if (tableId === undefined || indices === undefined || output === undefined) return undefined;
  const table = graph.constants.get(tableId);
  const value = graph.values.get(output);
  if (!table || !value || graph.constants.has(indices) || readers.get(tableId) !== 1) return undefined;
  if (table.dtype !== 'float32' || table.stored || table.shape.length !== 2) return undefined;
  const [rows, width] = [sizeAt(table.shape, 0), sizeAt(table.shape, 1)];
  const { shape } = value.type;
  const positions = elementCount(shape) / width;
  return { name: value.name, output, axis: shape.length - 1, table, rows, width, positions };
}

function embeddingCandidate(place: Place): Candidate {
  const key = `rows of ${place.name}`;
  return {
    pass: 'truncate-rank',
    name: place.name,
    output: place.output,
    axis: place.axis,
    parameters: place.rows * place.width,
    macs: 0,
    requests: [{ key, values: [{ id: place.output, axis: place.axis }] }],
    levels: (statistics) => embeddingLevels(place, statistics.get(key)),
  };
}

export function ranksOf({ rows, width }: Pick<Place, 'rows' | 'width'>): number[] {
  const ranks = Array.from({ length: Math.max(0, width - 1) }, (_, i) => width - 1 - i);
  return ranks.filter((rank) => {
    const step = rank <= 8 ? 1 : rank <= 32 ? 4 : rank <= 128 ? 8 : 16;
    return rank % step === 0 && rank * (rows + width) < rows * width;
  });
}

function embeddingLevels(place: Place, observed: Moments | undefined): Level[] {
  const { rows, width, positions } = place;
  const table = makeMatrix(rows, width, Float64Array.from(place.table.data, Number));
  if (!table.data.every(Number.isFinite)) return [];
  const all = new Moments(width);
  all.add(table.data, rows);
  const seen = observed ?? all;
  if (seen !== all) all.merge(seen);
  const { vectors } = symmetricEigen(all.covariance());
  const mean = all.mean();
  const lossOf = errorOn(seen, mean);
  if (!lossOf) return [];
  return ranksOf(place).map((rank) => {
    const basis = sliceColumns(vectors, 0, rank);
    const parameters = rank * (rows + width);
    return {
      label: `rank ${rank}`,
      error: lossOf(basis),
      parameters,
      macs: rank * width * positions,
      rule: gatherFactors(() => factorTable(table, basis, mean)),
    };
  });
}

/** E |(I - U U') (y - mean)|^2 over the variance of the rows that the data reads; undefined where they are all equal. */
function errorOn(seen: Moments, mean: Float64Array): ((basis: Matrix) => number) | undefined {
  const { width } = seen;
  const away = seen.mean().map((v, i) => v - (mean[i] ?? 0));
  const covariance = seen.covariance();
  let [variance, total] = [0, 0];
  const moment = makeMatrix(
    width,
    width,
    covariance.data.map((v, at) => v + (away[Math.floor(at / width)] ?? 0) * (away[at % width] ?? 0)),
  );
  for (let i = 0; i < width; i++) {
    variance += covariance.data[i * width + i] ?? 0;
    total += moment.data[i * width + i] ?? 0;
  }
  if (!(variance > 0)) return undefined;
  return (basis) => {
    const moved = multiply(moment, basis);
    const kept = basis.data.reduce((sum, u, at) => sum + u * (moved.data[at] ?? 0), 0);
    return Math.max(0, total - kept) / variance;
  };
}

/** table ≈ first' second' around the mean: first [r, V], second [d, r], and what is left of the mean [d]. */
export interface TableFactors {
  readonly first: Matrix;
  readonly second: Matrix;
  readonly bias: Float64Array;
}

/** The table on a basis [d, r] of orthonormal columns, the factors balanced. */
export function factorTable(table: Matrix, basis: Matrix, mean: Float64Array): TableFactors {
  const first = transpose(multiply(table, basis));
  const second = makeMatrix(basis.rows, basis.columns, Float64Array.from(basis.data));
  const projected = multiply(multiplyTransposed(basis, basis), makeMatrix(mean.length, 1, Float64Array.from(mean)));
  const bias = mean.map((m, i) => m - (projected.data[i] ?? 0));
  balanceFactors(first, second);
  return { first, second, bias };
}

/** Rows of the first factor are gathered, then the second makes rows of the table. */
export const gatherFactors =
  (factors: () => TableFactors): Rule =>
  ({ node, inputs }, rewriter) => {
    const [tableId, indices] = inputs;
    if (node.op !== 'gather' || tableId === undefined || indices === undefined) return undefined;
    const { first, second, bias } = factors();
    const name = rewriter.nameOf(tableId);
    const small = rewriter.constant(float32([first.columns, first.rows], transpose(first).data), `${name}.first`);
    const rows = rewriter.add('gather', [small, indices], node.attributes, `${node.name}.first`);
    const weights = rewriter.constant(float32([second.rows, second.columns], second.data), `${name}.second`);
    const shift = rewriter.constant(float32([bias.length], bias), `${name}.bias`);
    return [rewriter.add('linear', [rows, weights, shift], {}, node.name)];
  };
