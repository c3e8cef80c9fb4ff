import type binaryen from 'binaryen';
import type { Axis } from '../../compiler/kernel/index-expr.ts';
import type { Code, Local, Ref } from './kernels/code.ts';

/** Value of an axis: the local (none: 0) plus a constant, in elements. */
export interface AxisValue {
  readonly local: Local | undefined;
  readonly plus: number;
}

export interface Loop {
  readonly axis: Axis;
  readonly start: number;
  readonly step: number;
  /** run at the end of each iteration */
  readonly increments: Ref[];
}

/**
 * A place in a function where statements are collected: the function's start, or the body of a loop. Open scopes form a
 * chain, so what does not vary inside a loop can be computed in the scope around it.
 */
export interface Scope {
  readonly depth: number;
  readonly parent: Scope | undefined;
  readonly statements: { push(statement: Ref): unknown };
  readonly axes: ReadonlyMap<Axis, AxisValue>;
  /** where the scope is the body of a loop */
  readonly loop: Loop | undefined;
  /** values computed here, by key */
  readonly memo: Map<string, Local>;
}

export const rootScope = (statements: Scope['statements'], axes: ReadonlyMap<Axis, AxisValue> = new Map()): Scope => ({
  depth: 0,
  parent: undefined,
  statements,
  axes,
  loop: undefined,
  memo: new Map(),
});

export const innerScope = (
  parent: Scope,
  statements: Scope['statements'],
  axes: ReadonlyMap<Axis, AxisValue>,
  loop?: Loop,
): Scope => ({ depth: parent.depth + 1, parent, statements, axes, loop, memo: new Map() });

export function scopeOfAxis(scope: Scope, axis: Axis): Scope {
  for (let s: Scope | undefined = scope; s; s = s.parent) if (s.axes.has(axis)) return s;
  throw new Error(`internal: axis ${axis.name} is not bound`);
}

export function scopeAt(scope: Scope, depth: number): Scope {
  let s = scope;
  while (s.depth > depth && s.parent) s = s.parent;
  return s;
}

/** Adds `value` to the scope's statements, in a new local that the scope remembers by `key`. */
export function keep(code: Code, scope: Scope, key: string, type: binaryen.Type, value: Ref): Local {
  const local = code.local(type);
  scope.statements.push(code.module.local.set(local.index, value));
  scope.memo.set(key, local);
  return local;
}
