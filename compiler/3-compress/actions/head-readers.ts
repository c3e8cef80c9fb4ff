import type { Graph, Node, ValueId } from '../../ir/graph.ts';
import {
  attentionBefore,
  type HeadLayout,
  type HeadSource,
  joinHeads,
  sourceOfHeads,
} from '../../rewrite/attention-heads.ts';
import type { LinearMap } from '../../rewrite/collapse.ts';
import { float32 } from '../../rewrite/factor-layer.ts';
import { findLayers, type WeightLayer } from '../../rewrite/layers.ts';
import type { Rewriter, Rule } from '../../rewrite/rebuild.ts';
import type { ValueView } from '../../rewrite/unit-map.ts';
import { sizeAt, sizesOf } from '../../tensor/shape.ts';

/** Where an attention's queries, keys and values come from. */
export interface Heads {
  readonly q: HeadSource;
  readonly k: HeadSource;
  readonly v: HeadSource;
}

/** A linear layer that alone reads an attention's results, moved only. */
export interface HeadReader {
  readonly layer: WeightLayer;
  readonly attention: Node;
  /** of the results */
  readonly layout: HeadLayout;
  readonly sources: Heads;
}

export const findHeadReaders = (graph: Graph, view: ValueView): readonly HeadReader[] =>
  findLayers(graph).flatMap((layer) => {
    const found = layer.op === 'linear' ? attentionBefore(view, layer.x) : undefined;
    const sources = found && headsOf(view, found.attention);
    const isOwn = found?.path.every((node) => node.outputs.every((id) => view.uses(id) === 1));
    return found && sources && isOwn ? [{ layer, attention: found.attention, layout: found.layout, sources }] : [];
  });

/** The sources of an attention's inputs q, k and v, whoever else reads them. */
export function sourcesOf(view: ValueView, [qId, kId, vId]: readonly ValueId[]): Heads | undefined {
  if (qId === undefined || kId === undefined || vId === undefined) return undefined;
  const [q, k, v] = [qId, kId, vId].map((id) => sourceOfHeads(view, id));
  return q && k && v ? { q, k, v } : undefined;
}

/** Where an attention's heads come from, when nothing else reads what lies between, their weights, or other rows of those layers. */
export function headsOf(view: ValueView, node: Node): Heads | undefined {
  const sources = node.op === 'attention' ? sourcesOf(view, node.inputs) : undefined;
  if (!sources) return undefined;
  const { q, k, v } = sources;
  const isOneLayout = (name: 'heads' | 'batch'): boolean =>
    new Set([q, k, v].map(({ layout }) => layout[name])).size === 1;
  if (!isOneLayout('heads') || !isOneLayout('batch')) return undefined;
  const nodes = new Set([...q.path, ...k.path, ...v.path]);
  const reads = new Map<ValueId, number>();
  for (const id of [...nodes].flatMap(({ inputs }) => inputs).concat(node.inputs.slice(0, 3)))
    reads.set(id, (reads.get(id) ?? 0) + 1);
  const isClosed = [...nodes].every(({ outputs }) => outputs.every((id) => view.uses(id) === reads.get(id)));
  const isWhole = [q, k, v].every(({ layer }) => {
    if (layer.inputs[1] === undefined || view.uses(layer.inputs[1]) > 1) return false;
    const used = new Set([q, k, v].flatMap((source) => (source.layer === layer ? source.layout.features : [])));
    return used.size === sizeAt(view.typeOf(layer.outputs[0] ?? -1).shape, -1);
  });
  return isClosed && isWhole ? sources : undefined;
}

export const inputsOf = (view: ValueView, { layer }: HeadSource): number =>
  sizeAt(view.typeOf(layer.inputs[1] ?? -1).shape, 1);

/** Queries, keys and values in place of those that come from `heads` as the values `ids`. */
type EmitHeads = (
  rewriter: Rewriter,
  heads: Heads,
  ids: readonly [ValueId, ValueId, ValueId],
) => readonly [ValueId, ValueId, ValueId];

/** A reading layer computed anew from an attention of `count` heads: the map of `read` on their results, head by head. */
export const readAnew =
  (count: number, emit: EmitHeads, read: () => LinearMap): Rule =>
  ({ node, inputs }, rewriter) => {
    const [x] = inputs;
    const found = x === undefined ? undefined : attentionBefore(rewriter, x);
    const [q, k, v, ...mask] = found?.attention.inputs ?? [];
    if (!found || x === undefined || q === undefined || k === undefined || v === undefined) return undefined;
    const { attention, layout } = found;
    const sources = sourcesOf(rewriter, [q, k, v]);
    if (!sources) return undefined;
    const emitted = emit(rewriter, sources, [q, k, v]);
    const results = rewriter.add('attention', [...emitted, ...mask], attention.attributes, attention.name);
    const lead = sizesOf(rewriter.typeOf(x).shape).slice(0, -1);
    const rows = joinHeads(rewriter, results, { ...layout, heads: count }, lead, attention.name);
    const { weights, bias } = read();
    if (sizeAt(rewriter.typeOf(rows).shape, -1) !== weights.columns) return undefined;
    const w = rewriter.constant(float32([weights.rows, weights.columns], weights.data), `${node.name}.weights`);
    const b = rewriter.constant(float32([weights.rows], bias), `${node.name}.bias`);
    return [rewriter.add('linear', [rows, w, b], {}, node.name)];
  };
