import type { Graph, Node, Value, ValueId } from '../ir/graph.ts';
import { constant, type Expr } from '../kernel/expr.ts';
import { type Axis, type Index, toIndex } from '../kernel/index-expr.ts';
import type { Meaning } from '../kernel/meaning.ts';
import { type SplitMeaning, splitReductions } from '../kernel/split-reductions.ts';
import { childrenOf, reductionsIn, rewrite } from '../kernel/traverse.ts';
import { ops } from '../ops/index.ts';
import { makeOperand, type OpClass } from '../ops/op.ts';
import { decodeData } from '../tensor/convert.ts';
import { elementCount, sizesOf } from '../tensor/shape.ts';
import { tensorType } from '../tensor/tensor.ts';
import { recogniseContraction } from './contraction.ts';
import { distinctIndices, hasOnlyBounds, hasReduction, isInsideReduction, isLight, loadsOf } from './expr-parts.ts';
import { dividesNothing, splitAxes } from './split-axes.ts';
import { substitute } from './substitute.ts';

/**
 * A value that gets memory, and everything fused into the kernel that writes it. `concat` roots are written piece by
 * piece instead: each operand is a root of its own that lies inside this one.
 */
export interface Root {
  readonly value: Value;
  readonly node: Node;
  readonly kind: 'computed' | 'concat';
  readonly axes: readonly Axis[];
  /** index of each dimension of the value, over `axes` */
  readonly index: readonly Index[];
  readonly expr: Expr;
  /** ops fused, for names: producer first */
  readonly fused: readonly string[];
}

/** Most buffers one kernel may read. */
const sourceLimit = 8;

interface Draft {
  value: Value;
  node: Node;
  kind: 'computed' | 'concat';
  axes: readonly Axis[];
  index: readonly Index[];
  expr: Expr;
  fused: string[];
}

/**
 * Decides which values get memory. Walks the nodes backwards; each value is substituted into the one kernel that reads
 * it where that repeats no work: data movement always while indices stay affine, element-wise producers outside
 * reductions, and one reduction or contraction per kernel under an element-wise tail (its epilogue).
 */
export function fuseGraph(graph: Graph, freshId: () => ValueId): Root[] {
  return new Fuser(graph, freshId).run();
}

class Fuser {
  private readonly graph: Graph;
  private readonly freshId: () => ValueId;
  private readonly outputs: ReadonlySet<ValueId>;
  private readonly producers = new Map<ValueId, Node>();
  private readonly uses = new Map<ValueId, number>();
  private readonly drafts = new Map<ValueId, Draft>();
  private readonly readers = new Map<ValueId, Set<Draft>>();

  constructor(graph: Graph, freshId: () => ValueId) {
    this.graph = graph;
    this.freshId = freshId;
    this.outputs = new Set(graph.outputs.map((o) => o.value));
    for (const node of graph.nodes) {
      for (const id of node.outputs) this.producers.set(id, node);
      for (const id of node.inputs) this.uses.set(id, (this.uses.get(id) ?? 0) + 1);
    }
  }

  run(): Root[] {
    for (const node of [...this.graph.nodes].reverse()) {
      const meanings = node.op === 'concat' ? [] : meaningsOf(this.graph, node);
      node.outputs.forEach((id, i) => {
        const value = this.graph.values.get(id);
        if (!value) throw new Error(`internal: node ${node.name} has no value ${id}`);
        this.visit(value, node, meanings[i]);
      });
    }
    return [...this.drafts.values()].reverse();
  }

  private visit(value: Value, node: Node, meaning: Meaning | undefined): void {
    const readers = [...(this.readers.get(value.id) ?? [])];
    const isOutput = this.outputs.has(value.id);
    if (readers.length === 0 && !isOutput) return;
    if (!meaning) {
      this.add({ value, node, kind: 'concat', axes: [], index: [], expr: noExpr, fused: [node.op] });
      return;
    }
    if (!isOutput && this.inlineInto(readers, value, node, meaning)) return;
    const { parts, meaning: rest } = splitReductions(meaning, this.freshId);
    this.add(draftOf(value, node, rest));
    for (const part of [...parts].reverse()) this.add(draftOf(partValue(part, value.name), node, part.meaning));
  }

  private add(draft: Draft): void {
    this.drafts.set(draft.value.id, draft);
    this.noteReads(draft);
  }

  private noteReads(draft: Draft): void {
    const sources = draft.kind === 'concat' ? draft.node.inputs : loadsOf(draft.expr).keys();
    for (const id of sources) this.readers.set(id, (this.readers.get(id) ?? new Set()).add(draft));
  }

  /** Substitutes the value into all its readers, none of which stops being a contraction, or changes nothing and returns false. */
  private inlineInto(readers: readonly Draft[], value: Value, node: Node, meaning: Meaning): boolean {
    const opClass = ops[node.op].class;
    if (opClass !== 'movement' && readers.length !== 1) return false;
    const updates: (() => void)[] = [];
    for (const reader of readers) {
      if (reader.kind === 'concat') return false;
      if (!isFusible(reader, value, opClass, meaning, this.joinsProducer(node))) return false;
      const inlined = splitAxes({
        axes: reader.axes,
        index: reader.index,
        value: substitute(reader.expr, value.id, meaning),
      });
      if (opClass !== 'elementwise' && dividesNothing(reader.expr) && !dividesNothing(inlined.value)) return false;
      if (hasReduction(meaning.value) && !dividesNothing(inlined.value)) return false;
      if (opClass === 'movement' && !guardsFollowBounds(inlined.value, this.graph)) return false;
      if (this.isContraction(reader.axes, reader.expr) && !this.isContraction(inlined.axes, inlined.value))
        return false;
      if (loadsOf(inlined.value).size > sourceLimit) return false;
      updates.push(() => {
        reader.axes = inlined.axes;
        reader.index = inlined.index;
        reader.expr = inlined.value;
        reader.fused.unshift(node.op);
        this.noteReads(reader);
      });
    }
    for (const update of updates) update();
    return true;
  }

  private isContraction(axes: readonly Axis[], expr: Expr): boolean {
    return recogniseContraction(axes, expr, (id) => this.graph.constants.has(id)) !== undefined;
  }

  /** Element-wise work on what a contraction or reduction makes for it alone: it costs nothing there. */
  private joinsProducer(node: Node): boolean {
    return node.inputs.some((id) => {
      const producer = this.producers.get(id);
      if (!producer || this.uses.get(id) !== 1 || this.outputs.has(id)) return false;
      const opClass = ops[producer.op].class;
      if (opClass === 'elementwise') return this.joinsProducer(producer);
      return opClass === 'contraction' || opClass === 'reduction';
    });
  }
}

/** An inner reduction as a value of its own. */
const partValue = ({ source, meaning }: SplitMeaning['parts'][number], name: string): Value => ({
  id: source,
  name: `${name}/inner`,
  type: tensorType(
    meaning.value.dtype,
    meaning.axes.map((axis) => axis.extent),
  ),
});

const noExpr: Expr = { kind: 'const', dtype: 'float32', value: 0 };

function meaningsOf(graph: Graph, node: Node): Meaning[] {
  const operands = node.inputs.map((id) => {
    const value = graph.values.get(id);
    if (!value) throw new Error(`internal: node ${node.name} reads the unknown value ${id}`);
    return makeOperand(id, value.type);
  });
  return ops[node.op].meaning(operands, node.attributes).map(({ axes, value }) => ({
    axes,
    value: rewrite(
      value,
      (axis) => axis,
      (leaf) => (leaf.kind === 'load' && leaf.guards.length === 0 && scalarConstant(graph, leaf.source)) || leaf,
    ),
  }));
}

/** The number itself for a constant of one element: kernels then neither fetch nor bind it. */
function scalarConstant(graph: Graph, id: ValueId): Expr | undefined {
  const tensor = graph.constants.get(id);
  const value = tensor && elementCount(tensor.shape) === 1 ? decodeData(tensor)[0] : undefined;
  return tensor && value !== undefined ? constant(tensor.dtype, value) : undefined;
}

function draftOf(value: Value, node: Node, meaning: Meaning): Draft {
  const split = splitAxes({ axes: meaning.axes, index: meaning.axes.map(toIndex), value: meaning.value });
  return { value, node, kind: 'computed', axes: split.axes, index: split.index, expr: split.value, fused: [node.op] };
}

/** `isBetterBelow`: the work can be an epilogue of what computes its operand, so it is not repeated here. */
function isFusible(reader: Draft, value: Value, opClass: OpClass, meaning: Meaning, isBetterBelow: boolean): boolean {
  const loads = [...(loadsOf(reader.expr).get(value.id) ?? [])];
  if (opClass === 'movement') {
    return (
      loads.every((l) => l.guards.length === 0 || canGuard(meaning.value, l.fill)) && !isLookup(meaning.value, reader)
    );
  }
  if (loads.some((l) => l.guards.length > 0) || distinctIndices(loads) > 1) return false;
  if (loads.some((l) => isInsideReduction(reader.expr, l))) {
    return (
      opClass === 'elementwise' &&
      reader.fused.length === 1 &&
      ops[reader.node.op].class === 'reduction' &&
      isLight(meaning.value) &&
      !isBetterBelow
    );
  }
  const points = reader.axes.reduce((n, axis) => n * axis.extent.size, 1);
  if (elementCount(value.type.shape) < points && (isBetterBelow || !isLight(meaning.value))) return false;
  if (opClass === 'elementwise') return true;
  return !hasReduction(reader.expr) && elementCount(value.type.shape) >= points;
}

/**
 * Inside reductions every guard must be the bounds of a dimension of what is read, so that zeros kept around the value
 * can stand for it: an image reshaped from a sequence has neighbours where its padding should be.
 */
function guardsFollowBounds(e: Expr, graph: Graph): boolean {
  const sizesOfSource = (id: ValueId): readonly number[] => sizesOf(graph.values.get(id)?.type.shape ?? []);
  return reductionsIn(e).every((r) =>
    [...loadsOf(r.body).values()].every((loads) => [...loads].every((l) => hasOnlyBounds(l, sizesOfSource(l.source)))),
  );
}

/** A copied element, or a copied element with the same fill, can take further guards. */
const canGuard = (e: Expr, fill: number): boolean => e.kind === 'load' && (e.guards.length === 0 || e.fill === fill);

/** Movement whose index comes from data or tables stays out of contractions and reductions. */
function isLookup(e: Expr, reader: Draft): boolean {
  return e.kind !== 'load' ? hasReduction(reader.expr) : childrenOf(e).length > 0 && hasReduction(reader.expr);
}
