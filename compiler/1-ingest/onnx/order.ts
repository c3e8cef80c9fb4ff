import { ingest } from '../../diagnostics/index.ts';
import type { GraphProto, NodeProto } from './proto/generated/onnx_pb.ts';

/** How messages name a node: its own name, or its first output. */
export const nameOfNode = (node: NodeProto): string =>
  node.name || node.output.find((name) => name !== '') || node.opType;

/**
 * The nodes such that each comes after those it reads, otherwise in file order.
 * @throws LccError LCC1010 on a cycle, LCC1005 when two nodes define one value
 */
export function orderNodes(nodes: readonly NodeProto[], file: string | undefined): readonly NodeProto[] {
  const producers = new Map<string, NodeProto>();
  for (const node of nodes) {
    for (const name of node.output) {
      if (name === '') continue;
      if (producers.has(name))
        throw ingest.invalidModel({ file, node: nameOfNode(node) }, `"${name}" is defined twice`);
      producers.set(name, node);
    }
  }
  const before = (node: NodeProto): NodeProto[] =>
    [...new Set(namesRead(node))].map((name) => producers.get(name)).filter((n) => n !== undefined);
  return sort(nodes, before, file);
}

/** Depth first without recursion: models have chains of thousands of nodes. */
function sort(
  nodes: readonly NodeProto[],
  before: (node: NodeProto) => NodeProto[],
  file: string | undefined,
): readonly NodeProto[] {
  const ordered = new Set<NodeProto>();
  for (const root of nodes) {
    const path = [{ node: root, waiting: before(root) }];
    const onPath = new Set([root]);
    while (path.length > 0) {
      const top = path[path.length - 1];
      if (top === undefined) break;
      const next = top.waiting.shift();
      if (next === undefined || ordered.has(top.node)) {
        ordered.add(top.node);
        onPath.delete(top.node);
        path.pop();
      } else if (onPath.has(next)) {
        const cycle = path.map((step) => step.node).slice(path.findIndex((step) => step.node === next));
        throw ingest.cyclicGraph(
          file,
          cycle.map((n) => `node "${nameOfNode(n)}" (${n.opType})`),
        );
      } else if (!ordered.has(next)) {
        onPath.add(next);
        path.push({ node: next, waiting: before(next) });
      }
    }
  }
  return [...ordered];
}

/** Names a node reads, those its subgraphs take from outside included. */
function namesRead(node: NodeProto): string[] {
  const subgraphs = node.attribute.flatMap((a) => [...(a.g === undefined ? [] : [a.g]), ...a.graphs]);
  return [...node.input.filter((name) => name !== ''), ...subgraphs.flatMap(namesCaptured)];
}

function namesCaptured(graph: GraphProto): string[] {
  const own = new Set([
    ...graph.input.map((v) => v.name),
    ...graph.initializer.map((t) => t.name),
    ...graph.node.flatMap((n) => n.output),
  ]);
  const read = [...graph.node.flatMap(namesRead), ...graph.output.map((v) => v.name)];
  return read.filter((name) => !own.has(name));
}
