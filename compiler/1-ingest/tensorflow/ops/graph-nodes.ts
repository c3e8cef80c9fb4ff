import { type Fields, Malformed } from '../json.ts';

/** Output `output` of a node. */
export interface Port {
  readonly node: string;
  readonly output: number;
}

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** data only: what merely runs before is left out */
  readonly inputs: readonly Port[];
  readonly fields: Fields;
}

/** `name`, `name:1`; tensors that a node of TensorFlow calls `name:output:1` do not occur outside functions. */
export function parsePort(text: string): Port {
  const [, node = text, output = '0'] = /^(.*):(\d+)$/.exec(text) ?? [];
  return { node, output: Number(output) };
}

/** The nodes of a GraphDef by name. @throws Malformed */
export function parseNodes(topology: Fields): ReadonlyMap<string, GraphNode> {
  const nodes = new Map<string, GraphNode>();
  for (const fields of topology.entries('node')) {
    const name = fields.string('name');
    if (nodes.has(name)) throw new Malformed(`two nodes are named "${name}"`);
    const inputs = fields.has('input') ? fields.strings('input') : [];
    const data = inputs.filter((input) => !input.startsWith('^')).map(parsePort);
    nodes.set(name, { name, op: fields.string('op'), inputs: data, fields });
  }
  return nodes;
}

/** What the nodes named depend on, each after what it reads, themselves last. @throws Malformed for cycles and strangers */
export function orderFrom(roots: readonly string[], nodes: ReadonlyMap<string, GraphNode>): GraphNode[] {
  const ordered = new Set<GraphNode>();
  for (const root of roots) {
    const path = [step(root, nodes, 'an output')];
    const onPath = new Set(path.map(({ node }) => node));
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = ordered.has(top.node) ? undefined : top.waiting.shift();
      if (next === undefined) {
        ordered.add(top.node);
        onPath.delete(top.node);
        path.pop();
        continue;
      }
      const below = step(next.node, nodes, `node "${top.node.name}"`);
      if (onPath.has(below.node)) throw new Malformed(`node "${below.node.name}" depends on itself`);
      if (ordered.has(below.node)) continue;
      onPath.add(below.node);
      path.push(below);
    }
  }
  return [...ordered];
}

function step(name: string, nodes: ReadonlyMap<string, GraphNode>, reader: string) {
  const node = nodes.get(name);
  if (node === undefined) throw new Malformed(`${reader} reads "${name}", which is no node`);
  // The loops of TensorFlow 1 close here; without them a graph has no cycles.
  return { node, waiting: node.op === 'NextIteration' ? [] : [...node.inputs] };
}
