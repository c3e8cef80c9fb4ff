import { countReaders } from '../../ir/count-readers.ts';
import { identity, type Matrix, makeMatrix, sliceColumns, transpose } from '../../linalg/matrix.ts';
import { gram, multiply, multiplyTransposed, transposedMultiply } from '../../linalg/multiply.ts';
import { symmetricEigen } from '../../linalg/symmetric-eigen.ts';
import { balanceFactors } from '../../rewrite/balance-factors.ts';
import { factorChannels, factorFlattened, type OutputFactors } from '../../rewrite/factor-layer.ts';
import { findLayers, macsOf, parametersOf, type WeightLayer } from '../../rewrite/layers.ts';
import type { Candidate, FindCandidates, Level } from '../candidate.ts';
import { networkHeadsOf } from '../network-heads.ts';
import { type ChannelPlace, flattenedOf, windowOf } from './channel-place.ts';
import { requestsOf, separateTaps, type TapStatistics, tapStatisticsOf } from './tap-statistics.ts';
import { whiten } from './whiten.ts';

/**
 * Low rank on the side of the input channels (the input mode of Tucker-2): a convolution of one tap mixes C channels to
 * r, then comes the layer on r channels. With S = E[x x'] over positions, S = V e V', L = V sqrt(e), and
 * G = L' (sum over outputs and taps of w w') L = U g U':
 *
 *     first = U_r' diag(1 / sqrt e) V' [r, C],   second[n, :, t] = U_r' L' w[n, :, t],
 *
 * the projection of least error where taps err independently; w stands there for the weights after the covariance of
 * positions, the same for all channels, has been taken out of the taps (TapStatistics). S is centred where the bias can
 * take up all of the mean, which zero padding forbids; the bias keeps the mean output in any case. Also for a linear layer
 * that reads an image [batch, C, space...] through one reshape, its positions being the taps.
 */
export const truncateChannels: FindCandidates = (graph) => {
  const readers = countReaders(graph);
  const isHead = networkHeadsOf(graph);
  return findLayers(graph).flatMap((layer) => {
    const place = layer.op === 'conv' ? windowOf(graph, layer) : flattenedOf(graph, layer, readers);
    return place && ranksOf(place).length > 0 ? [{ ...channelCandidate(place), isHead: isHead(layer.y) }] : [];
  });
};

const parametersAt = ({ layer, channels, taps }: ChannelPlace, rank: number): number =>
  rank * (channels + layer.outputs * taps);

const macsAt = ({ layer, channels, taps, imagePositions }: ChannelPlace, rank: number): number =>
  rank * (channels * imagePositions + layer.outputs * taps * layer.positions);

/** Ranks that save weights and cost no multiply-adds, largest first. */
function ranksOf(place: ChannelPlace): number[] {
  const { layer, channels } = place;
  const ranks = Array.from({ length: channels - 1 }, (_, i) => channels - 1 - i);
  return ranks.filter((rank) => {
    const step = rank <= 8 ? 1 : rank <= 32 ? 4 : rank <= 128 ? 8 : 16;
    const saves = parametersAt(place, rank) < parametersOf(layer) && macsAt(place, rank) <= macsOf(layer);
    return rank % step === 0 && saves;
  });
}

function channelCandidate(place: ChannelPlace): Candidate {
  const { layer } = place;
  return {
    pass: 'truncate-rank',
    name: layer.name,
    output: layer.y,
    axis: layer.axis,
    parameters: parametersOf(layer),
    macs: macsOf(layer),
    requests: requestsOf(place),
    levels: (statistics) => {
      const found = tapStatisticsOf(place, statistics);
      return found ? channelLevels(place, found) : [];
    },
  };
}

function channelLevels(place: ChannelPlace, { channels: covariance, uncentred, means, roots }: TapStatistics): Level[] {
  const { layer, channels, taps } = place;
  const { root, inverse } = whiten(place.isPadded ? uncentred : covariance);
  const rows = tapRows(layer, channels, taps);
  const apart = separateTaps(rows, place.window, roots);
  const outer = gram(apart);
  const { vectors } = symmetricEigen(transposedMultiply(root, multiply(outer, root)));
  /** E |w m x|^2 summed over outputs: tr(outer m S m'). */
  const energyOf = (m: Matrix): number => {
    const moved = multiplyTransposed(multiply(m, covariance), m);
    return outer.data.reduce((sum, g, at) => sum + g * (moved.data[at] ?? 0), 0);
  };
  const total = energyOf(identity(channels));
  if (!(total > 0)) return [];
  return ranksOf(place).map((rank) => {
    const top = sliceColumns(vectors, 0, rank);
    const first = multiplyTransposed(transpose(top), inverse);
    const mix = multiply(root, top);
    const kept = multiply(mix, first).data;
    const lost = makeMatrix(
      channels,
      channels,
      identity(channels).data.map((v, at) => v - (kept[at] ?? 0)),
    );
    const bias = correctBias(layer.bias, multiply(rows, lost), means, taps);
    const second = multiply(rows, mix);
    balanceFactors(first, second);
    const factors = { rank, first: first.data, second: tapsLast(second, layer.outputs, taps), bias };
    return {
      label: `rank ${rank} of ${channels} channels`,
      error: Math.max(0, energyOf(lost)) / total,
      parameters: parametersAt(place, rank),
      macs: macsAt(place, rank),
      rule: ruleFor(place, factors),
    };
  });
}

/** [N taps, C]: row (n, t) is w[n, :, t]. */
function tapRows({ outputs, weights }: WeightLayer, channels: number, taps: number): Matrix {
  const rows = makeMatrix(outputs * taps, channels);
  for (let n = 0; n < outputs; n++) {
    for (let c = 0; c < channels; c++) {
      for (let t = 0; t < taps; t++)
        rows.data[(n * taps + t) * channels + c] = Number(weights.data[(n * channels + c) * taps + t]);
    }
  }
  return rows;
}

const ruleFor = (place: ChannelPlace, factors: OutputFactors) =>
  place.kind === 'flattened' ? factorFlattened(factors) : factorChannels(factors);

/** b' = b + sum over taps of lost_t mean x_t: the mean output stays. */
function correctBias(bias: readonly number[], lost: Matrix, means: Float64Array, taps: number): Float64Array {
  const channels = lost.columns;
  const corrected = Float64Array.from(bias);
  for (let row = 0; row < lost.rows; row++) {
    const [n, t] = [Math.floor(row / taps), row % taps];
    for (let c = 0; c < channels; c++)
      corrected[n] = (corrected[n] ?? 0) + (lost.data[row * channels + c] ?? 0) * (means[c * taps + t] ?? 0);
  }
  return corrected;
}

/** [N taps, r] -> [N, r, taps] */
function tapsLast({ columns, data }: Matrix, outputs: number, taps: number): Float64Array {
  const turned = new Float64Array(data.length);
  for (let n = 0; n < outputs; n++) {
    for (let t = 0; t < taps; t++) {
      for (let r = 0; r < columns; r++) turned[(n * columns + r) * taps + t] = data[(n * taps + t) * columns + r] ?? 0;
    }
  }
  return turned;
}
