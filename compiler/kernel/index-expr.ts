import type { Dim } from '../tensor/shape.ts';
import type { Expr } from './expr.ts';

/** A loop variable 0 <= axis < extent.size. Identity is by object. */
export interface Axis {
  readonly kind: 'axis';
  readonly name: string;
  readonly extent: Dim;
}

/** floor(index / by), by > 0. */
export interface DivAtom {
  readonly kind: 'div';
  readonly index: Index;
  readonly by: number;
}

/** index mod by, in [0, by), by > 0. */
export interface ModAtom {
  readonly kind: 'mod';
  readonly index: Index;
  readonly by: number;
}

/** An integer computed from data. Whoever makes one keeps 0 <= expr < limit (clamp where the data may say otherwise). */
export interface ValueAtom {
  readonly kind: 'value';
  readonly expr: Expr;
  readonly limit: number;
}

export type Atom = Axis | DivAtom | ModAtom | ValueAtom;

/** offset + sum of factor * atom, with no atom twice and no zero factor. */
export interface Index {
  readonly offset: number;
  readonly terms: readonly { readonly factor: number; readonly atom: Atom }[];
}

export type Indexable = Index | Axis | number;

export const makeAxis = (name: string, extent: Dim): Axis => ({ kind: 'axis', name, extent });

export function toIndex(x: Indexable): Index {
  if (typeof x === 'number') return { offset: x, terms: [] };
  return 'terms' in x ? x : { offset: 0, terms: [{ factor: 1, atom: x }] };
}

export const valueIndex = (expr: Expr, limit: number): Index => ({
  offset: 0,
  terms: [{ factor: 1, atom: { kind: 'value', expr, limit } }],
});

export function sameAtom(a: Atom, b: Atom): boolean {
  if (a === b) return true;
  if (a.kind === 'div' && b.kind === 'div') return a.by === b.by && sameIndex(a.index, b.index);
  if (a.kind === 'mod' && b.kind === 'mod') return a.by === b.by && sameIndex(a.index, b.index);
  return a.kind === 'value' && b.kind === 'value' && a.expr === b.expr;
}

/** Same terms in any order. */
export const sameIndex = (a: Index, b: Index): boolean =>
  a.offset === b.offset &&
  a.terms.length === b.terms.length &&
  a.terms.every((t) => b.terms.some((u) => t.factor === u.factor && sameAtom(t.atom, u.atom)));

export function addIndex(...parts: readonly Indexable[]): Index {
  const terms: { factor: number; atom: Atom }[] = [];
  let offset = 0;
  for (const part of parts) {
    const index = toIndex(part);
    offset += index.offset;
    for (const { factor, atom } of index.terms) {
      const found = terms.find((t) => sameAtom(t.atom, atom));
      if (found) found.factor += factor;
      else terms.push({ factor, atom });
    }
  }
  return joinRemainders({ offset, terms: terms.filter((t) => t.factor !== 0) });
}

/** f*c * floor(x / (b*c)) + f * (floor(x / b) mod c) = f * floor(x / b): undoes the split of a flat index by a reshape. */
function joinRemainders(index: Index): Index {
  for (const low of index.terms) {
    if (low.atom.kind !== 'mod') continue;
    const { by } = low.atom;
    const quotient = divIndex(low.atom.index, by);
    const high = quotient.terms[0];
    if (quotient.terms.length !== 1 || quotient.offset !== 0 || high?.factor !== 1) continue;
    const partner = index.terms.find((t) => t !== low && t.factor === low.factor * by && sameAtom(t.atom, high.atom));
    if (!partner) continue;
    const rest = { offset: index.offset, terms: index.terms.filter((t) => t !== low && t !== partner) };
    return addIndex(rest, scaleIndex(low.atom.index, low.factor));
  }
  return index;
}

export function scaleIndex(x: Indexable, by: number): Index {
  const index = toIndex(x);
  if (by === 0) return toIndex(0);
  return { offset: index.offset * by, terms: index.terms.map((t) => ({ factor: t.factor * by, atom: t.atom })) };
}

/** Smallest and largest value an index can take. An axis of extent 0 counts as extent 1. */
export function rangeOf(index: Index): { readonly min: number; readonly max: number } {
  let min = index.offset;
  let max = index.offset;
  for (const { factor, atom } of index.terms) {
    const r = atomRange(atom);
    min += factor * (factor > 0 ? r.min : r.max);
    max += factor * (factor > 0 ? r.max : r.min);
  }
  return { min, max };
}

function atomRange(atom: Atom): { readonly min: number; readonly max: number } {
  switch (atom.kind) {
    case 'axis':
      return { min: 0, max: Math.max(0, atom.extent.size - 1) };
    case 'value':
      return { min: 0, max: Math.max(0, atom.limit - 1) };
    case 'div': {
      const r = rangeOf(atom.index);
      return { min: Math.floor(r.min / atom.by), max: Math.floor(r.max / atom.by) };
    }
    case 'mod': {
      const r = rangeOf(atom.index);
      const sameBlock = Math.floor(r.min / atom.by) === Math.floor(r.max / atom.by);
      return sameBlock ? { min: mod(r.min, atom.by), max: mod(r.max, atom.by) } : { min: 0, max: atom.by - 1 };
    }
    default:
      return atom satisfies never;
  }
}

const mod = (a: number, by: number): number => ((a % by) + by) % by;

/** Splits an index into a part whose every factor is a multiple of `by`, and the rest. */
function splitMultiples(index: Index, by: number): { readonly multiples: Index; readonly rest: Index } {
  const whole = index.terms.filter((t) => t.factor % by === 0);
  const rest = index.terms.filter((t) => t.factor % by !== 0);
  const base = Math.floor(index.offset / by) * by;
  return { multiples: { offset: base, terms: whole }, rest: { offset: index.offset - base, terms: rest } };
}

/** floor(x / by), simplified by the ranges of its axes. */
export function divIndex(x: Indexable, by: number): Index {
  const index = toIndex(x);
  if (by === 1) return index;
  const { multiples, rest } = splitMultiples(index, by);
  const quotient: Index = {
    offset: multiples.offset / by,
    terms: multiples.terms.map((t) => ({ factor: t.factor / by, atom: t.atom })),
  };
  const r = rangeOf(rest);
  const low = Math.floor(r.min / by);
  if (low === Math.floor(r.max / by)) return addIndex(quotient, low);
  const only = rest.terms[0];
  if (rest.terms.length === 1 && rest.offset === 0 && only?.factor === 1 && only.atom.kind === 'div') {
    return addIndex(quotient, divIndex(only.atom.index, only.atom.by * by)); // floor(floor(i/a)/b) = floor(i/(ab))
  }
  return addIndex(quotient, { offset: 0, terms: [{ factor: 1, atom: { kind: 'div', index: rest, by } }] });
}

/** x mod by in [0, by), simplified by the ranges of its axes. */
export function modIndex(x: Indexable, by: number): Index {
  if (by === 1) return toIndex(0);
  const { rest } = splitMultiples(toIndex(x), by);
  const r = rangeOf(rest);
  const low = Math.floor(r.min / by);
  if (low === Math.floor(r.max / by)) return addIndex(rest, -low * by);
  return { offset: 0, terms: [{ factor: 1, atom: { kind: 'mod', index: rest, by } }] };
}

/** Replaces axes (and the expressions of value atoms) and simplifies again. */
export function substituteIndex(index: Index, axis: (a: Axis) => Indexable, expr: (e: Expr) => Expr): Index {
  return addIndex(
    index.offset,
    ...index.terms.map(({ factor, atom }) => {
      switch (atom.kind) {
        case 'axis':
          return scaleIndex(axis(atom), factor);
        case 'div':
          return scaleIndex(divIndex(substituteIndex(atom.index, axis, expr), atom.by), factor);
        case 'mod':
          return scaleIndex(modIndex(substituteIndex(atom.index, axis, expr), atom.by), factor);
        case 'value':
          return scaleIndex(valueIndex(expr(atom.expr), atom.limit), factor);
        default:
          return atom satisfies never;
      }
    }),
  );
}

/** Calls `visit` for every axis an index depends on; axes inside value atoms come through `expr`. */
export function visitIndex(index: Index, visit: (a: Axis) => void, expr: (e: Expr) => void): void {
  for (const { atom } of index.terms) {
    if (atom.kind === 'axis') visit(atom);
    else if (atom.kind === 'value') expr(atom.expr);
    else visitIndex(atom.index, visit, expr);
  }
}

/** True when every atom is an axis. */
export const isAffine = (index: Index): boolean => index.terms.every((t) => t.atom.kind === 'axis');

/** Factor of `axis` in an index; undefined when the axis also occurs inside div, mod or a value. */
export function strideAlong(index: Index, axis: Axis, occursIn: (e: Expr, a: Axis) => boolean): number | undefined {
  let stride = 0;
  for (const { factor, atom } of index.terms) {
    if (atom === axis) stride += factor;
    else if (atom.kind === 'value') {
      if (occursIn(atom.expr, axis)) return undefined;
    } else if (atom.kind !== 'axis') {
      if (strideAlong(atom.index, axis, occursIn) !== 0) return undefined;
    }
  }
  return stride;
}
