import type { ValueId } from '../ir/graph.ts';
import type { Expr, LoadExpr } from '../kernel/expr.ts';
import { toIndex } from '../kernel/index-expr.ts';
import type { Meaning } from '../kernel/meaning.ts';
import { rewrite } from '../kernel/traverse.ts';
import { sameIndices } from './expr-parts.ts';

/** Every load of value `id` replaced by what the value means there; equal loads by one shared expression. */
export function substitute(e: Expr, id: ValueId, meaning: Meaning): Expr {
  const done: { readonly leaf: LoadExpr; readonly inlined: Expr }[] = [];
  return rewrite(
    e,
    (axis) => axis,
    (leaf) => {
      if (leaf.kind !== 'load' || leaf.source !== id) return leaf;
      const known = done.find((d) => sameLoad(d.leaf, leaf));
      if (known) return known.inlined;
      const at = new Map(meaning.axes.map((axis, d) => [axis, leaf.index[d] ?? toIndex(0)]));
      const value = rewrite(meaning.value, (axis) => at.get(axis) ?? axis);
      const inlined = leaf.guards.length === 0 ? value : guard(value, leaf);
      done.push({ leaf, inlined });
      return inlined;
    },
  );
}

const sameLoad = (a: LoadExpr, b: LoadExpr): boolean =>
  a.fill === b.fill &&
  sameIndices(a.index, b.index) &&
  sameIndices(
    a.guards.map((g) => g.index),
    b.guards.map((g) => g.index),
  );

function guard(value: Expr, leaf: LoadExpr): Expr {
  if (value.kind !== 'load') throw new Error('internal: only copied elements take guards');
  return { ...value, guards: [...value.guards, ...leaf.guards], fill: leaf.fill };
}
