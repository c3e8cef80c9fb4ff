import binaryen from 'binaryen';
import type { Expr } from '../../compiler/kernel/expr.ts';
import { type Atom, type Axis, type Index, rangeOf } from '../../compiler/kernel/index-expr.ts';
import type { Address, Code, Local, Ref } from './kernels/code.ts';
import { type AxisValue, keep, type Scope, scopeAt, scopeOfAxis } from './scope.ts';

/** An integer at run time: a local (none: 0) plus a constant, known from scope `depth` on. */
export interface Resolved {
  readonly local: Local | undefined;
  readonly constant: number;
  readonly depth: number;
}

/** What index arithmetic asks of the renderer around it. */
export interface IndexContext {
  readonly code: Code;
  readonly scope: Scope;
  /** the axis's constant beyond its scope's value: replica and lane */
  shiftOf(axis: Axis): number;
  /** a data-dependent index as an i32 (for one lane), and the depth it is known from */
  resolveValue(e: Expr): Resolved;
}

const elementBytes = 4;

/**
 * scale * index + start. Each term is added in the scope that binds it, once: what is invariant in a loop is computed
 * outside, and a loop's own axis becomes a pointer that steps with the loop.
 */
export function resolveIndex(context: IndexContext, index: Index, scale = 1, start?: Local): Resolved {
  let constant = scale * index.offset;
  const terms: { readonly factor: number; readonly local: Local; readonly depth: number; readonly axis?: Axis }[] = [];
  for (const { factor, atom } of index.terms) {
    const value = resolveAtom(context, atom);
    constant += scale * factor * value.constant;
    if (!value.local) continue;
    const term = { factor: factor * scale, local: value.local, depth: value.depth };
    terms.push(atom.kind === 'axis' ? { ...term, axis: atom } : term);
  }
  terms.sort((a, b) => a.depth - b.depth || a.local.index - b.local.index);
  let local = start;
  let depth = 0;
  for (let i = 0; i < terms.length; ) {
    depth = terms[i]?.depth ?? 0;
    const group = terms.filter((t) => t.depth === depth);
    i += group.length;
    const scope = scopeAt(context.scope, depth);
    const key = `${local?.index ?? ''}${group.map((t) => `+${t.factor}*${t.local.index}`).join('')}`;
    const known = scope.memo.get(key);
    const [only] = group;
    if (known) local = known;
    else if (only && group.length === 1 && only.axis === scope.loop?.axis && scope.loop && scope.parent) {
      local = stepWithLoop(context, scope, local, only.factor);
    } else if (!local && only && group.length === 1 && only.factor === 1) local = only.local;
    else {
      const { code } = context;
      const products = group.map((t) => code.times(code.get(t.local), t.factor));
      const sum = products.reduce((a, b) => code.module.i32.add(a, b));
      local = keep(code, scope, key, binaryen.i32, local ? code.module.i32.add(code.get(local), sum) : sum);
    }
    scope.memo.set(key, local);
  }
  return { local, constant, depth };
}

/** A local that is `before + factor * axis` in every iteration of the scope's loop. */
function stepWithLoop(context: IndexContext, scope: Scope, before: Local | undefined, factor: number): Local {
  const { code } = context;
  const { loop, parent } = scope;
  if (!loop || !parent) throw new Error('internal: not a loop');
  if (!before && factor === 1) {
    const counter = scope.axes.get(loop.axis)?.local;
    if (counter) return counter;
  }
  const pointer = code.local(binaryen.i32);
  const first = code.i32(factor * loop.start);
  parent.statements.push(
    code.module.local.set(pointer.index, before ? code.plus(code.get(before), factor * loop.start) : first),
  );
  loop.increments.push(code.module.local.set(pointer.index, code.plus(code.get(pointer), factor * loop.step)));
  return pointer;
}

function resolveAtom(context: IndexContext, atom: Atom): Resolved {
  switch (atom.kind) {
    case 'axis': {
      const scope = scopeOfAxis(context.scope, atom);
      const value: AxisValue | undefined = scope.axes.get(atom);
      return { local: value?.local, constant: (value?.plus ?? 0) + context.shiftOf(atom), depth: scope.depth };
    }
    case 'div':
    case 'mod':
      return resolveQuotient(context, atom.kind, atom.index, atom.by);
    case 'value':
      return context.resolveValue(atom.expr);
    default:
      return atom satisfies never;
  }
}

function resolveQuotient(context: IndexContext, kind: 'div' | 'mod', index: Index, by: number): Resolved {
  const inner = resolveIndex(context, index);
  if (!inner.local) {
    const quotient = Math.floor(inner.constant / by);
    return { ...inner, constant: kind === 'div' ? quotient : inner.constant - quotient * by };
  }
  const scope = scopeAt(context.scope, inner.depth);
  const key = `${kind}${by}:${inner.local.index}+${inner.constant}`;
  const lift = Math.max(0, Math.ceil(-rangeOf(index).min / by)); // keeps the dividend at 0 or above
  const shift = kind === 'div' ? lift : 0;
  const known = scope.memo.get(key);
  if (known) return { local: known, constant: -shift, depth: inner.depth };
  const { code } = context;
  const dividend = code.plus(code.get(inner.local), inner.constant + lift * by);
  const { i32 } = code.module;
  const value = kind === 'div' ? i32.div_u(dividend, code.i32(by)) : i32.rem_u(dividend, code.i32(by));
  return { local: keep(code, scope, key, binaryen.i32, value), constant: -shift, depth: inner.depth };
}

export function resolvedValue(code: Code, { local, constant }: Resolved): Ref {
  return local ? code.plus(code.get(local), constant) : code.i32(constant);
}

/** Address of element `index` of the buffer at `base`. The constant is an immediate only where the rest cannot be negative. */
export function resolveAddress(context: IndexContext, base: Local, index: Index): Address {
  const { local = base, constant } = resolveIndex(context, index, elementBytes, base);
  const isSafe = constant >= 0 && rangeOf({ offset: 0, terms: index.terms }).min >= 0;
  if (isSafe) return { base: local, offset: constant };
  const moved = resolveIndex(context, index, elementBytes, moveBase(context, base, constant));
  if (!moved.local) throw new Error('internal: an address without its base');
  return { base: moved.local, offset: 0 };
}

function moveBase(context: IndexContext, base: Local, by: number): Local {
  const root = scopeAt(context.scope, 0);
  const key = `${base.index}+${by}`;
  const { code } = context;
  return root.memo.get(key) ?? keep(code, root, key, binaryen.i32, code.plus(code.get(base), by));
}
