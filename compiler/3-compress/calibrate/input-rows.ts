import type { Graph, ValueId } from '../../ir/graph.ts';
import type { Feeds, MakeRunner } from '../../ir/trial.ts';
import { type Matrix, makeMatrix, sliceRows } from '../../linalg/matrix.ts';
import type { WeightLayer } from '../../rewrite/layers.ts';
import { sizesOf } from '../../tensor/shape.ts';
import { outputNameOf, withOutputs } from './with-outputs.ts';

/** Rows a layer gets: twice its inputs where that is possible, so that its covariance has full rank (papers.md 5.1). */
const fewestRows = 1024;
const mostRows = 2048;
const mostElements = 6e6;

/**
 * What each layer multiplies its weights with, at evenly spread positions of the samples: rows [count, K] in the order of
 * the weights [N, K] or [N, C, taps...], zeros where a tap lies in the padding. By the layer's output.
 */
export function sampleInputRows(
  graph: Graph,
  layers: readonly WeightLayer[],
  samples: readonly Feeds[],
  makeRunner: MakeRunner,
): ReadonlyMap<ValueId, Matrix> {
  if (layers.length === 0 || samples.length === 0) return new Map();
  const inputs = [...new Set(layers.map(({ x }) => x))];
  const runner = makeRunner(withOutputs(graph, inputs));
  const takers = layers.map((layer) => makeTaker(graph, layer, samples.length));
  samples.forEach((feeds, i) => {
    const found = runner.peek(feeds);
    for (const { layer, take } of takers) take(found[outputNameOf(layer.x)] ?? [], i);
  });
  return new Map(takers.map(({ layer, finish }) => [layer.y, finish()]));
}

function makeTaker(graph: Graph, layer: WeightLayer, samples: number) {
  const room = Math.ceil(mostElements / layer.inputs);
  const wanted = Math.min(mostRows, room, Math.max(fewestRows, 2 * layer.inputs));
  const perSample = Math.min(layer.positions, Math.max(1, Math.ceil(wanted / samples)));
  const window = layer.op === 'conv' ? windowReader(graph, layer) : undefined;
  const { inputs } = layer;
  const count = Math.ceil(wanted / perSample) * perSample;
  const rows = makeMatrix(Math.min(count, perSample * samples), inputs);
  let filled = 0;
  return {
    layer,
    take(found: ArrayLike<number | bigint>, sample: number): void {
      if (filled >= wanted) return;
      const data = found instanceof Float32Array ? found : Float64Array.from(Array.from(found), Number);
      for (let i = 0; i < perSample && filled < rows.rows; i++) {
        // A step that shares no factor with most sizes, begun elsewhere in each sample.
        const position = (Math.floor((i * layer.positions) / perSample) + sample * 7919) % layer.positions;
        const row = rows.data.subarray(filled * inputs, (filled + 1) * inputs);
        if (window) window(position, data, row);
        else row.set(data.subarray(position * inputs, (position + 1) * inputs));
        // one that overflowed, or has no value, would say nothing of rounding
        if (row.every(Number.isFinite)) filled++;
      }
    },
    finish: (): Matrix => sliceRows(rows, 0, filled),
  };
}

type Elements = Float32Array | Float64Array;

/** Fills a row with the window of x at an output position: all taps of a channel, then the next; 0 in the padding. */
function windowReader(
  graph: Graph,
  { x, y, node, weights }: WeightLayer,
): (position: number, data: Elements, row: Float64Array) => void {
  const [, channels = 1, ...space] = sizesOf(graph.values.get(x)?.type.shape ?? []);
  const out = sizesOf(graph.values.get(y)?.type.shape ?? []).slice(2);
  const kernel = sizesOf(weights.shape).slice(2);
  const taps = kernel.reduce((a, b) => a * b, 1);
  const area = space.reduce((a, b) => a * b, 1);
  const listOf = (name: string, fill: number, d: number): number => {
    const list = node.attributes[name];
    return Array.isArray(list) ? (list[d] ?? fill) : fill;
  };
  const unravel = (index: number, sizes: readonly number[]): number[] => {
    const at: number[] = [];
    for (let d = sizes.length - 1, rest = index; d >= 0; d--) {
      at[d] = rest % (sizes[d] ?? 1);
      rest = Math.floor(rest / (sizes[d] ?? 1));
    }
    return at;
  };
  const tapsAt = Array.from({ length: taps }, (_, t) => unravel(t, kernel));
  const outArea = out.reduce((a, b) => a * b, 1);
  return (position, data, row) => {
    const batch = Math.floor(position / outArea);
    const start = unravel(position % outArea, out);
    const offsets = tapsAt.map((tap) => {
      let offset = 0;
      for (let d = 0; d < space.length; d++) {
        const at =
          (start[d] ?? 0) * listOf('strides', 1, d) + (tap[d] ?? 0) * listOf('dilations', 1, d) - listOf('pads', 0, d);
        if (at < 0 || at >= (space[d] ?? 1)) return -1;
        offset = offset * (space[d] ?? 1) + at;
      }
      return offset;
    });
    let plane = batch * channels * area;
    for (let first = 0; first < row.length; first += taps, plane += area)
      for (let t = 0; t < taps; t++) {
        const offset = offsets[t] ?? -1;
        row[first + t] = offset < 0 ? 0 : (data[plane + offset] ?? 0);
      }
  };
}
