import type { DType } from '../../tensor/dtype.ts';
import { isWide } from '../../tensor/dtype.ts';
import type { BinaryExpr, Expr, FetchExpr, Guard, ReduceExpr } from '../expr.ts';
import { type Atom, type Index, rangeOf } from '../index-expr.ts';
import type { ReduceStmt, Stmt } from '../nest.ts';
import { childrenOf, indicesOf } from '../traverse.ts';
import { Blocks } from './blocks.ts';
import { foldIdentity, foldOperator, printBinary, printCast, printNumber, printUnary } from './scalar-javascript.ts';

/** A printed kernel: JavaScript over the names b0, b1, ... (buffers, by slot) and c0, c1, ... (tables). */
export interface PrintedKernel {
  readonly source: string;
  readonly tables: readonly (readonly number[])[];
}

/**
 * Prints statements as JavaScript. Whatever does not depend on the innermost loops, parts of offsets and guards
 * included, is bound once in the outermost block that knows what it depends on; so are values used more than once.
 */
export function printJavaScript(body: readonly Stmt[]): PrintedKernel {
  const printer = new Printer();
  for (const stmt of body) printer.printStmt(stmt);
  return { source: printer.blocks.source, tables: printer.tables };
}

class Printer {
  readonly blocks = new Blocks();
  readonly tables: (readonly number[])[] = [];
  private readonly locals = new Map<string, number>();
  /** per statement */
  private depths = new Map<Expr, number>();
  private uses = new Map<Expr, number>();

  printStmt(stmt: Stmt): void {
    switch (stmt.kind) {
      case 'loop':
        this.blocks.loops([stmt.axis], () => {
          for (const inner of stmt.body) this.printStmt(inner);
        });
        break;
      case 'let':
        this.begin([stmt.value]);
        this.blocks.line(`const ${stmt.name} = ${this.value(stmt.value)};`);
        this.locals.set(stmt.name, this.blocks.depth);
        break;
      case 'store':
        this.begin([stmt.value]);
        this.blocks.line(`b${stmt.slot}[${this.index(stmt.offset)}] = ${this.value(stmt.value)};`);
        break;
      case 'reduce':
        this.fold(stmt);
        break;
      default:
        stmt satisfies never;
    }
  }

  private fold({ axes, folds }: ReduceStmt): void {
    for (const { name, op, dtype } of folds) {
      this.blocks.line(`let ${name} = ${foldIdentity(op, dtype)};`);
      this.locals.set(name, this.blocks.depth);
    }
    this.blocks.loops(axes, () => {
      this.begin(folds.map((f) => f.body));
      for (const { name, op, dtype, body } of folds) {
        this.blocks.line(`${name} = ${printBinary(foldOperator(op), dtype, name, this.value(body))};`);
      }
    });
  }

  private begin(values: readonly Expr[]): void {
    this.depths = new Map();
    this.uses = new Map();
    const count = (e: Expr): void => {
      const seen = this.uses.get(e) ?? 0;
      this.uses.set(e, seen + 1);
      if (seen === 0) for (const child of childrenOf(e)) count(child);
    };
    for (const value of values) count(value);
  }

  /** Depth of the innermost block that `e` depends on. */
  private depthOf(e: Expr): number {
    const known = this.depths.get(e);
    if (known !== undefined) return known;
    let depth = e.kind === 'local' ? (this.locals.get(e.name) ?? this.blocks.depth) : 0;
    for (const index of indicesOf(e)) depth = Math.max(depth, this.indexDepth(index));
    if (e.kind === 'reduce') depth = this.blocks.depth;
    else for (const child of childrenOf(e)) depth = Math.max(depth, this.depthOf(child));
    this.depths.set(e, depth);
    return depth;
  }

  private atomDepth(atom: Atom): number {
    switch (atom.kind) {
      case 'axis':
        return this.blocks.axis(atom).depth;
      case 'value':
        return this.depthOf(atom.expr);
      case 'div':
      case 'mod':
        return this.indexDepth(atom.index);
      default:
        return atom satisfies never;
    }
  }

  private indexDepth = (index: Index): number => Math.max(0, ...index.terms.map((t) => this.atomDepth(t.atom)));

  /** A simple name or a number for an index; each block adds only the terms that vary in it. */
  private index(index: Index): string {
    const depths = [...new Set(index.terms.map((t) => this.atomDepth(t.atom)))].sort((a, b) => a - b);
    let sum = '';
    for (const depth of depths) {
      const terms = index.terms.filter((t) => this.atomDepth(t.atom) === depth);
      const parts = terms.map(({ factor, atom }) => this.term(factor, atom, depth));
      if (sum === '' && index.offset !== 0) parts.push(`${index.offset}`);
      if (sum !== '') parts.unshift(sum);
      sum =
        parts.length === 1 && /^\w+$/.test(parts[0] ?? '')
          ? (parts[0] ?? '')
          : this.blocks.bind(`${parts.join(' + ')} | 0`, depth);
    }
    return sum === '' ? `${index.offset}` : sum;
  }

  private term(factor: number, atom: Atom, depth: number): string {
    const text = this.atom(atom, depth);
    return factor === 1 ? text : `${text} * ${factor}`;
  }

  private atom(atom: Atom, depth: number): string {
    switch (atom.kind) {
      case 'axis':
        return this.blocks.axis(atom).name;
      case 'value': {
        const value = this.value(atom.expr);
        return isWide(atom.expr.dtype) ? this.blocks.bind(`Number(${value})`, depth) : value;
      }
      case 'div':
      case 'mod': {
        const inner = this.index(atom.index);
        const negative = rangeOf(atom.index).min < 0;
        if (atom.kind === 'div') {
          const quotient = `${inner} / ${atom.by}`;
          return this.blocks.bind(negative ? `Math.floor(${quotient}) | 0` : `${quotient} | 0`, depth);
        }
        const remainder = `${inner} % ${atom.by}`;
        return this.blocks.bind(
          negative ? `((${remainder}) + ${atom.by}) % ${atom.by} | 0` : `${remainder} | 0`,
          depth,
        );
      }
      default:
        return atom satisfies never;
    }
  }

  /** A JavaScript operand for `e`: a name, a literal, or a parenthesised expression. */
  private value(e: Expr): string {
    if (e.kind === 'const') return printNumber(e.dtype, e.value);
    if (e.kind === 'local') return e.name;
    if (e.kind === 'index') return this.index(e.index);
    const depth = this.depthOf(e);
    const bound = this.blocks.at(depth).values.get(e);
    if (bound !== undefined) return bound;
    if (e.kind === 'reduce') return this.inlineFold(e);
    const text = this.compute(e);
    if (depth === this.blocks.depth && (this.uses.get(e) ?? 0) < 2) return text;
    const name = this.blocks.bind(text, depth);
    this.blocks.at(depth).values.set(e, name);
    return name;
  }

  private inlineFold(e: ReduceExpr): string {
    const name = this.blocks.name('r');
    const { depths, uses } = this;
    this.fold({ kind: 'reduce', axes: e.axes, folds: [{ name, dtype: e.dtype, op: e.op, body: e.body }] });
    this.depths = depths;
    this.uses = uses;
    this.blocks.at(this.blocks.depth).values.set(e, name);
    return name;
  }

  private compute(e: Exclude<Expr, { kind: 'const' | 'local' | 'index' | 'reduce' }>): string {
    switch (e.kind) {
      case 'load':
        throw new Error('internal: a load in a nest; place it first');
      case 'fetch':
        return this.fetch(e);
      case 'table':
        this.tables.push(e.values);
        return `c${this.tables.length - 1}[${this.index(e.index)}]`;
      case 'unary':
        return printUnary(e.op, e.x.dtype, this.value(e.x));
      case 'binary':
        return printBinary(e.op, e.a.dtype, this.value(e.a), this.value(e.b));
      case 'select':
        return `(${this.condition(e.cond)} ? ${this.value(e.a)} : ${this.value(e.b)})`;
      case 'cast':
        return printCast(e.x.dtype, e.dtype, this.value(e.x));
      default:
        return e satisfies never;
    }
  }

  private condition(e: Expr): string {
    if (e.kind !== 'binary' || (this.uses.get(e) ?? 0) > 1 || this.depthOf(e) < this.blocks.depth) return this.value(e);
    const comparison = comparisons[e.op as keyof typeof comparisons];
    return comparison ? `${this.value(e.a)} ${comparison} ${this.value(e.b)}` : this.value(e);
  }

  private fetch(e: FetchExpr): string {
    const element = `b${e.slot}[${this.index(e.offset)}]`;
    // outside a guard the element may be undefined, which BigInt arithmetic refuses
    const text = isWide(e.dtype) ? `(${element} ?? 0n)` : element;
    if (e.guards.length === 0) return text;
    return `(${e.guards.map((g) => this.guard(g)).join(' && ')} ? ${text} : ${printFill(e.dtype, e.fill)})`;
  }

  private guard({ index, extent }: Guard): string {
    const text = `${this.index(index)} >>> 0 < ${extent}`;
    const depth = this.indexDepth(index);
    return depth < this.blocks.depth ? this.blocks.bind(text, depth) : text;
  }
}

const comparisons = { eq: '===', ne: '!==', lt: '<', le: '<=' } as const satisfies Partial<
  Record<BinaryExpr['op'], string>
>;

const printFill = (dtype: DType, fill: number): string =>
  printNumber(dtype, isWide(dtype) ? BigInt(Math.trunc(fill)) : fill);
