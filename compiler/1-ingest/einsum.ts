import type { ValueId } from '../ir/graph.ts';
import { OpError } from '../ops/op.ts';
import type { Emitter } from './emitter.ts';
import { multiply } from './multiply.ts';
import { Unsupported } from './refusals.ts';

/** A value whose dimensions are named by one letter each. */
interface Labelled {
  readonly id: ValueId;
  readonly labels: readonly string[];
}

/** Products of operands over named dimensions, summed over those the result does not name (numpy.einsum). */
export function einsum(e: Emitter, equation: string, inputs: readonly ValueId[]): ValueId {
  const { terms, result } = parseEquation(e, equation, inputs);
  const [first, ...rest] = inputs.map((id, i): Labelled => ({ id, labels: terms[i] ?? [] }));
  if (first === undefined) throw new OpError('Einsum needs an operand');
  let left = first;
  rest.forEach((right, i) => {
    const needed = new Set([...result, ...rest.slice(i + 1).flatMap((operand) => operand.labels)]);
    left = contract(e, left, right, needed);
  });
  left = sumOut(e, left, (label) => !result.includes(label));
  return order(e, left, result);
}

function parseEquation(
  e: Emitter,
  equation: string,
  operands: readonly ValueId[],
): { terms: string[][]; result: string[] } {
  const [inputs = '', output] = equation.replace(/\s/g, '').split('->');
  const letters = inputs.split(',');
  if (letters.length !== operands.length) {
    throw new OpError(`equation "${equation}" for ${operands.length} operands`);
  }
  const ranks = operands.map((id) => e.rank(id));
  const hidden = letters.map((term, i) => hiddenCount(term, ranks[i] ?? 0));
  const terms = letters.map((term, i) => spell(term, hidden[i] ?? 0));
  for (const [i, labels] of terms.entries()) {
    if (new Set(labels).size !== labels.length) throw new Unsupported('a term names a dimension twice');
    if (labels.length !== ranks[i]) {
      throw new OpError(`term "${letters[i]}" for a tensor of rank ${ranks[i]}`);
    }
  }
  if (output !== undefined) return { terms, result: spell(output, Math.max(0, ...hidden)) };
  const all = terms.flat();
  const unnamed = [...new Set(all)].filter((label) => label.length > 1).sort();
  const single = all.filter((label) => label.length === 1 && all.indexOf(label) === all.lastIndexOf(label)).sort();
  return { terms, result: [...unnamed, ...single] };
}

/** How many dimensions the `...` of a term stands for. */
const hiddenCount = (term: string, rank: number): number =>
  term.includes('...') ? rank - term.replace('...', '').length : 0;

/** Labels of a term; those of `...` count from the right: `...2`, `...1`. */
function spell(term: string, hidden: number): string[] {
  const [before = '', after] = term.split('...');
  if (after === undefined) return [...before];
  return [...before, ...Array.from({ length: hidden }, (_, i) => `...${hidden - i}`), ...after];
}

/** Sum over the shared dimensions nothing needs any more, as one matrix product. */
function contract(e: Emitter, a: Labelled, b: Labelled, needed: ReadonlySet<string>): Labelled {
  const left = sumOut(e, a, (label) => !needed.has(label) && !b.labels.includes(label));
  const right = sumOut(e, b, (label) => !needed.has(label) && !a.labels.includes(label));
  const shared = left.labels.filter((label) => right.labels.includes(label));
  const batch = shared.filter((label) => needed.has(label));
  const inner = shared.filter((label) => !needed.has(label));
  const rows = left.labels.filter((label) => !shared.includes(label));
  const columns = right.labels.filter((label) => !shared.includes(label));
  const size = sizesByLabel(e, [left, right]);
  const sizes = (labels: readonly string[]) => labels.map((label) => size.get(label) ?? 1);
  const count = (labels: readonly string[]) => sizes(labels).reduce((product, s) => product * s, 1);
  const matrix = (x: Labelled, labels: readonly string[], shape: readonly number[]) =>
    e.reshape(order(e, x, labels), shape);
  const product = multiply(
    e,
    matrix(left, [...batch, ...rows, ...inner], [...sizes(batch), count(rows), count(inner)]),
    matrix(right, [...batch, ...inner, ...columns], [...sizes(batch), count(inner), count(columns)]),
  );
  const labels = [...batch, ...rows, ...columns];
  return { id: e.reshape(product, sizes(labels)), labels };
}

function sizesByLabel(e: Emitter, operands: readonly Labelled[]): Map<string, number> {
  const size = new Map<string, number>();
  for (const { id, labels } of operands) {
    e.sizes(id).forEach((s, i) => {
      const label = labels[i] ?? '';
      const before = size.get(label);
      if (before !== undefined && before !== s) throw new OpError(`dimension "${label}" is both ${before} and ${s}`);
      size.set(label, s);
    });
  }
  return size;
}

function sumOut(e: Emitter, { id, labels }: Labelled, isSummed: (label: string) => boolean): Labelled {
  const axes = labels.flatMap((label, i) => (isSummed(label) ? [i] : []));
  if (axes.length === 0) return { id, labels };
  const kept = labels.filter((label) => !isSummed(label));
  return { id: e.emit('reduce', [id], { kind: 'sum', axes, keepDims: false }), labels: kept };
}

function order(e: Emitter, { id, labels }: Labelled, wanted: readonly string[]): ValueId {
  const perm = wanted.map((label) => labels.indexOf(label));
  if (perm.includes(-1) || perm.length !== labels.length) {
    throw new OpError(`the result names [${wanted.join('')}], the operands have [${labels.join('')}]`);
  }
  return e.transpose(id, perm);
}
