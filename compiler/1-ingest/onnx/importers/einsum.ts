import type { ValueId } from '../../../ir/graph.ts';
import { OpError } from '../../../ops/op.ts';
import { type Importer, type OnnxNode, Unsupported } from '../node.ts';
import { multiply } from './gemm.ts';

/** A value whose dimensions are named by one letter each. */
interface Labelled {
  readonly id: ValueId;
  readonly labels: readonly string[];
}

/** Products of operands over named dimensions, summed over those the result does not name (numpy.einsum). */
export const importEinsum: Importer = (node) => {
  const { terms, result } = parseEquation(node);
  const operands = terms.map((labels, i): Labelled => ({ id: node.input(i), labels }));
  const [first, ...rest] = operands;
  if (first === undefined) throw new OpError('Einsum needs an operand');
  let left = first;
  rest.forEach((right, i) => {
    const needed = new Set([...result, ...rest.slice(i + 1).flatMap((operand) => operand.labels)]);
    left = contract(node, left, right, needed);
  });
  left = sumOut(node, left, (label) => !result.includes(label));
  return order(node, left, result);
};

function parseEquation(node: OnnxNode): { terms: string[][]; result: string[] } {
  const [inputs = '', output] = node.string('equation', '').replace(/\s/g, '').split('->');
  const letters = inputs.split(',');
  if (letters.length !== node.inputs.length) {
    throw new OpError(`equation "${node.string('equation', '')}" for ${node.inputs.length} operands`);
  }
  const widest = Math.max(0, ...letters.map((term, i) => hiddenCount(node, term, i)));
  const terms = letters.map((term, i) => spell(term, hiddenCount(node, term, i)));
  for (const [i, labels] of terms.entries()) {
    if (new Set(labels).size !== labels.length) throw new Unsupported('a term names a dimension twice');
    if (labels.length !== node.rank(node.input(i))) {
      throw new OpError(`term "${letters[i]}" for a tensor of rank ${node.rank(node.input(i))}`);
    }
  }
  if (output !== undefined) return { terms, result: spell(output, widest) };
  const all = terms.flat();
  const hidden = [...new Set(all)].filter((label) => label.length > 1).sort();
  const single = all.filter((label) => label.length === 1 && all.indexOf(label) === all.lastIndexOf(label)).sort();
  return { terms, result: [...hidden, ...single] };
}

/** How many dimensions the `...` of a term stands for. */
const hiddenCount = (node: OnnxNode, term: string, i: number): number =>
  term.includes('...') ? node.rank(node.input(i)) - term.replace('...', '').length : 0;

/** Labels of a term; those of `...` count from the right: `...2`, `...1`. */
function spell(term: string, hidden: number): string[] {
  const [before = '', after] = term.split('...');
  if (after === undefined) return [...before];
  return [...before, ...Array.from({ length: hidden }, (_, i) => `...${hidden - i}`), ...after];
}

/** Sum over the shared dimensions nothing needs any more, as one matrix product. */
function contract(node: OnnxNode, a: Labelled, b: Labelled, needed: ReadonlySet<string>): Labelled {
  const left = sumOut(node, a, (label) => !needed.has(label) && !b.labels.includes(label));
  const right = sumOut(node, b, (label) => !needed.has(label) && !a.labels.includes(label));
  const shared = left.labels.filter((label) => right.labels.includes(label));
  const batch = shared.filter((label) => needed.has(label));
  const inner = shared.filter((label) => !needed.has(label));
  const rows = left.labels.filter((label) => !shared.includes(label));
  const columns = right.labels.filter((label) => !shared.includes(label));
  const size = sizesByLabel(node, [left, right]);
  const sizes = (labels: readonly string[]) => labels.map((label) => size.get(label) ?? 1);
  const count = (labels: readonly string[]) => sizes(labels).reduce((product, s) => product * s, 1);
  const matrix = (x: Labelled, labels: readonly string[], shape: readonly number[]) =>
    node.reshape(order(node, x, labels), shape);
  const product = multiply(
    node,
    matrix(left, [...batch, ...rows, ...inner], [...sizes(batch), count(rows), count(inner)]),
    matrix(right, [...batch, ...inner, ...columns], [...sizes(batch), count(inner), count(columns)]),
  );
  const labels = [...batch, ...rows, ...columns];
  return { id: node.reshape(product, sizes(labels)), labels };
}

function sizesByLabel(node: OnnxNode, operands: readonly Labelled[]): Map<string, number> {
  const size = new Map<string, number>();
  for (const { id, labels } of operands) {
    node.sizes(id).forEach((s, i) => {
      const label = labels[i] ?? '';
      const before = size.get(label);
      if (before !== undefined && before !== s) throw new OpError(`dimension "${label}" is both ${before} and ${s}`);
      size.set(label, s);
    });
  }
  return size;
}

function sumOut(node: OnnxNode, { id, labels }: Labelled, isSummed: (label: string) => boolean): Labelled {
  const axes = labels.flatMap((label, i) => (isSummed(label) ? [i] : []));
  if (axes.length === 0) return { id, labels };
  const kept = labels.filter((label) => !isSummed(label));
  return { id: node.emit('reduce', [id], { kind: 'sum', axes, keepDims: false }), labels: kept };
}

function order(node: OnnxNode, { id, labels }: Labelled, wanted: readonly string[]): ValueId {
  const perm = wanted.map((label) => labels.indexOf(label));
  if (perm.includes(-1) || perm.length !== labels.length) {
    throw new OpError(`the result names [${wanted.join('')}], the operands have [${labels.join('')}]`);
  }
  return node.transpose(id, perm);
}
