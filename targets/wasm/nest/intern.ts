import type { Expr, Guard } from '../../../compiler/kernel/expr.ts';
import type { Index } from '../../../compiler/kernel/index-expr.ts';
import { mapChildren } from '../../../compiler/kernel/traverse.ts';

/** Returns one object for all expressions of equal content, so that equal work is done once. */
export function makeInterner(): (e: Expr) => Expr {
  const canonical = new Map<string, Expr>();
  const done = new Map<Expr, Expr>();
  const ids = new Map<object, number>();
  const id = (thing: object): number => {
    const known = ids.get(thing);
    if (known !== undefined) return known;
    ids.set(thing, ids.size);
    return ids.size - 1;
  };

  const indexKey = (index: Index): string => {
    const terms = index.terms.map(({ factor, atom }) => {
      if (atom.kind === 'axis') return `${factor}*a${id(atom)}`;
      if (atom.kind === 'value') return `${factor}*v${id(atom.expr)}`;
      return `${factor}*${atom.kind}${atom.by}(${indexKey(atom.index)})`;
    });
    return [index.offset, ...terms.sort()].join('+');
  };
  const guardsKey = (guards: readonly Guard[]): string =>
    guards.map((g) => `${indexKey(g.index)}<${g.extent}`).join('&');

  /** Children are interned already. */
  const keyOf = (e: Expr): string => {
    switch (e.kind) {
      case 'const':
        return `${Object.is(e.value, -0) ? '-0' : e.value}`;
      case 'local':
        return e.name;
      case 'load':
        return `${e.source}[${e.index.map(indexKey).join()}]${guardsKey(e.guards)}:${e.fill}`;
      case 'fetch':
        return `${e.slot}[${indexKey(e.offset)}]${guardsKey(e.guards)}:${e.fill}`;
      case 'index':
        return indexKey(e.index);
      case 'table':
        return `${e.values.join()}[${indexKey(e.index)}]`;
      case 'unary':
        return `${e.op} ${id(e.x)}`;
      case 'cast':
        return `${id(e.x)}`;
      case 'binary':
        return `${e.op} ${id(e.a)} ${id(e.b)}`;
      case 'select':
        return `${id(e.cond)} ${id(e.a)} ${id(e.b)}`;
      case 'reduce':
        return `${e.op} ${e.axes.map(id).join()} ${id(e.body)}`;
      default:
        return e satisfies never;
    }
  };

  const intern = (e: Expr): Expr => {
    const known = done.get(e);
    if (known) return known;
    const mapped = mapChildren(e, intern);
    const key = `${mapped.kind} ${mapped.dtype} ${keyOf(mapped)}`;
    const first = canonical.get(key) ?? mapped;
    canonical.set(key, first);
    done.set(e, first);
    return first;
  };
  return intern;
}
