import type { Graph, ValueId } from '../../ir/graph.ts';
import type { Moments } from '../../linalg/moments.ts';
import { ops } from '../../ops/index.ts';
import { collapseOnto } from '../../rewrite/collapse.ts';
import { oneTap } from '../../rewrite/factor-layer.ts';
import { uniqueNames } from '../../rewrite/unique-names.ts';
import { type ValueView, viewOf } from '../../rewrite/unit-map.ts';
import { elementCount, sameShape, sizeAt } from '../../tensor/shape.ts';
import { branchBetween, isLayer, macsOfNode, weightsOfNode } from '../branch.ts';
import type { Candidate, Level } from '../candidate.ts';
import { fitLinear, jointRows, poolHalves, widestRows } from './fit-linear.ts';
import { linearLevels } from './linear-levels.ts';

/** A branch f of x + f(x), with all that it computes for itself. */
interface Branch {
  readonly name: string;
  readonly y: ValueId;
  readonly axis: number;
  readonly op: 'linear' | 'conv';
  /** values that a linear map may start from: the branch's own norm of x, and x */
  readonly entries: readonly { readonly id: ValueId; readonly name: string; readonly label: string }[];
  readonly parameters: number;
  readonly macs: number;
}

/** Nodes of a branch at most. */
const mostNodes = 64;

/**
 * Whole branches of residual blocks as one linear map at each position, by least squares (NBL: W = Cyx Cxx^-1, papers.md
 * 5.2): attention, convolutions and whatever else mixes positions included. `taken` are outputs that have a candidate.
 */
export function findBlocks(graph: Graph, taken: ReadonlySet<ValueId>): Candidate[] {
  const view = viewOf(graph);
  const names = uniqueNames(graph);
  return graph.nodes.flatMap((node) => {
    const [a, b] = node.inputs;
    if (node.op !== 'add' || a === undefined || b === undefined) return [];
    const branch = branchOf(graph, view, a, b) ?? branchOf(graph, view, b, a);
    if (!branch || taken.has(branch.y) || !names.has(branch.name)) return [];
    const entries = branch.entries.filter(({ name }) => names.has(name));
    return entries.length > 0 ? [blockCandidate(graph, { ...branch, entries })] : [];
  });
}

function branchOf(graph: Graph, view: ValueView, x: ValueId, y: ValueId): Branch | undefined {
  const nodes = branchBetween(view, x, y, mostNodes);
  if (!nodes || !sameShape(view.typeOf(x).shape, view.typeOf(y).shape) || view.typeOf(y).dtype !== 'float32')
    return undefined;
  const layers = nodes.filter(isLayer);
  const last = lastLayer(view, y);
  const isLinear = nodes.every((node) => isLayer(node) || ops[node.op].class === 'movement');
  if (layers.length === 0 || last === undefined || isLinear) return undefined;
  const axis = last === 'conv' ? 1 : view.typeOf(y).shape.length - 1;
  if (2 * sizeAt(view.typeOf(y).shape, axis) > widestRows) return undefined;
  // weights that others read stay
  const own = layers.filter(({ inputs }) => view.uses(inputs[1] ?? -1) === 1);
  const nameOf = (id: ValueId): string => graph.values.get(id)?.name ?? '';
  const readers = nodes.filter((node) => node.inputs.includes(x));
  const norm = readers.length === 1 ? readers.find(({ op }) => norms.has(op))?.outputs[0] : undefined;
  const behindNorm = norm === undefined ? [] : [{ id: norm, name: nameOf(norm), label: 'linear after its norm' }];
  return {
    name: nameOf(y),
    y,
    axis,
    op: last,
    entries: [...behindNorm, { id: x, name: nameOf(x), label: 'linear' }],
    parameters: own.reduce((sum, node) => sum + weightsOfNode(view, node), 0),
    macs: nodes.reduce((sum, node) => sum + macsOfNode(view, node), 0),
  };
}

const norms: ReadonlySet<string> = new Set(['layerNorm', 'rmsNorm', 'groupNorm', 'batchNorm']);

/** The layer that y comes from through element-wise nodes: it says where the features are. */
function lastLayer(view: ValueView, y: ValueId): 'linear' | 'conv' | undefined {
  let id: ValueId | undefined = y;
  while (id !== undefined) {
    const node = view.producer(id);
    if (node?.op === 'linear' || node?.op === 'conv') return node.op;
    if (!node || (ops[node.op].class !== 'elementwise' && node.op !== 'batchNorm')) return undefined;
    id = node.inputs.find((input) => !view.known(input));
  }
  return undefined;
}

function blockCandidate(graph: Graph, branch: Branch): Candidate {
  const keysOf = (label: string) => ({
    even: `branch ${branch.name} ${label}, even samples`,
    odd: `branch ${branch.name} ${label}, odd samples`,
  });
  const shape = graph.values.get(branch.y)?.type.shape ?? [];
  const width = sizeAt(shape, branch.axis);
  const requests = branch.entries.flatMap(({ id, label }) => {
    const values = [
      { id, axis: branch.axis },
      { id: branch.y, axis: branch.axis },
    ];
    const keys = keysOf(label);
    return [
      { key: keys.even, values, half: 'even' as const },
      { key: keys.odd, values, half: 'odd' as const },
    ];
  });
  const levelsFrom = (
    { name, label }: Branch['entries'][number],
    statistics: ReadonlyMap<string, Moments>,
  ): Level[] => {
    const keys = keysOf(label);
    const [even, odd] = [statistics.get(keys.even), statistics.get(keys.odd)];
    const fitted = fitLinear(even, odd, width);
    const rows = jointRows(poolHalves(even, odd), width);
    if (!fitted || !rows) return [];
    const taps = branch.op === 'conv' ? shape.slice(2).map(() => 1) : [];
    const form = {
      x: name,
      op: branch.op,
      tail: [width, ...taps],
      attributes: branch.op === 'conv' ? oneTap(taps.length) : {},
    };
    const place = {
      parameters: branch.parameters,
      positions: elementCount(shape) / width,
      rankLimit: width,
      rule: (map: Parameters<typeof collapseOnto>[1]) => collapseOnto(form, map),
    };
    return linearLevels(place, { label, seen: fitted.map, map: fitted.map, error: fitted.error, rows });
  };
  return {
    pass: 'collapse-layers',
    name: branch.name,
    output: branch.y,
    axis: branch.axis,
    parameters: branch.parameters,
    macs: branch.macs,
    requests,
    levels: (statistics) =>
      branch.entries
        .flatMap((entry) => levelsFrom(entry, statistics))
        .filter(({ macs }) => macs <= branch.macs)
        .sort((a, b) => b.parameters - a.parameters || a.error - b.error),
  };
}
