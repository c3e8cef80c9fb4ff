import type { BinaryExpr, Expr, FetchExpr, Guard, UnaryExpr } from '../../compiler/kernel/expr.ts';
import { type Atom, type Axis, type Index, rangeOf } from '../../compiler/kernel/index-expr.ts';
import { isVectorAccess, laneStride } from '../../compiler/kernel/lane-stride.ts';
import {
  expandBinary,
  expandUnary,
  isCompositeBinary,
  isCompositeUnary,
} from '../../compiler/kernel/transcendental/index.ts';
import { powConstant } from '../../compiler/kernel/transcendental/power.ts';
import { childrenOf, freeAxes } from '../../compiler/kernel/traverse.ts';
import type { Buffers } from './buffers.ts';
import type { Code } from './code.ts';
import { isNaNOf, renderBinary, renderCast, renderUnary, scalarConstant, select } from './scalar.ts';
import type { ShaderModule } from './shader-module.ts';
import { atom, call, convert, infix, integer, lane, splat, type Value, vector } from './value.ts';

/**
 * Renders expressions at a place of one function. Along the lane axis, if there is one, four elements are computed at
 * once; what does not vary along it stays scalar.
 */
export class Renderer {
  readonly code: Code;
  readonly module: ShaderModule;
  /** each axis as an integer; of the lane axis the value of lane 0, a multiple of 4 */
  readonly axes = new Map<Axis, Value>();
  readonly locals = new Map<string, Value>();
  lanes: Axis | undefined;
  readonly #buffers: Buffers | undefined;
  readonly #uses = new Map<Expr, number>();
  /** innermost last: values by expression, and names by text */
  readonly #scopes: { readonly values: Map<Expr, Value>; readonly names: Map<string, Value> }[] = [newScope()];

  constructor(code: Code, module: ShaderModule, buffers?: Buffers) {
    this.code = code;
    this.module = module;
    this.#buffers = buffers;
  }

  /** Counts uses below `e`, so that what is used twice gets a name. */
  count(e: Expr): void {
    const seen = this.#uses.get(e) ?? 0;
    this.#uses.set(e, seen + 1);
    if (seen === 0) for (const child of childrenOf(e)) this.count(child);
  }

  /** Names bound by `body` end with it: for the body of a loop or a branch. */
  scoped(body: () => void): void {
    this.#scopes.push(newScope());
    body();
    this.#scopes.pop();
  }

  /** A name for a value, shared with equal values in sight. */
  name(value: Value, hint: string): Value {
    if (/^[a-z]\w*$/.test(value.text)) return value;
    for (const { names } of this.#scopes) {
      const known = names.get(value.text);
      if (known) return known;
    }
    const bound = this.code.bind(value, hint);
    this.#scopes.at(-1)?.names.set(value.text, bound);
    return bound;
  }

  value(e: Expr): Value {
    if (e.kind === 'const') return scalarConstant(e.dtype, Number(e.value), this.module);
    if (e.kind === 'local') return this.#local(e.name);
    for (const { values } of this.#scopes) {
      const known = values.get(e);
      if (known) return known;
    }
    const rendered = this.#render(e);
    const isShared = (this.#uses.get(e) ?? 0) > 1;
    const value = isShared && e.kind !== 'index' ? this.name(rendered, 'v') : rendered;
    this.#scopes.at(-1)?.values.set(e, value);
    return value;
  }

  #local(name: string): Value {
    const found = this.locals.get(name);
    if (!found) throw new Error(`internal: local ${name} is not bound`);
    return found;
  }

  #render(e: Exclude<Expr, { kind: 'const' | 'local' }>): Value {
    switch (e.kind) {
      case 'fetch':
        return this.fetch(e);
      case 'index':
        return this.lanesOf(e.index);
      case 'unary':
        return this.#unary(e);
      case 'binary':
        return this.#binary(e);
      case 'select':
        return select(this.value(e.cond), this.value(e.a), this.value(e.b));
      case 'cast':
        return renderCast(e.dtype, this.#runtime(this.value(e.x)));
      case 'load':
      case 'table':
      case 'reduce':
        throw new TypeError(`internal: ${e.kind} in a WebGPU kernel`);
      default:
        return e satisfies never;
    }
  }

  #unary({ op, x }: UnaryExpr): Value {
    const operand = this.#runtime(this.value(x));
    if (!isCompositeUnary(op)) return renderUnary(op, operand);
    const called = this.module.composite(op, [operand], ([a = x]) => expandUnary(op, a));
    return this.name(called, 'v');
  }

  #binary(e: BinaryExpr): Value {
    const { op, a, b } = e;
    if (op === 'pow' && b.kind === 'const') {
      const power = powConstant(a, Number(b.value));
      if (power) {
        this.count(power);
        return this.value(power);
      }
    }
    const y = this.value(b);
    const x = isLiteral(y) ? this.#runtime(this.value(a)) : this.value(a);
    if (isCompositeBinary(op)) {
      const called = this.module.composite(op, [x, y], ([p = a, q = b]) => expandBinary(op, p, q));
      return this.name(called, 'v');
    }
    if (a === b && a.dtype === 'float32' && op === 'ne') return isNaNOf(x);
    if (a === b && a.dtype === 'float32' && op === 'eq') return renderUnary('not', isNaNOf(x));
    return renderBinary(op, x, y, this.module);
  }

  /** Arithmetic on constants alone may be refused for what it gives; on a variable it is not. */
  #runtime(x: Value): Value {
    return isLiteral(x) ? this.name(x, 'c') : x;
  }

  /** Whether an expression differs between lanes here. */
  readonly varies = (e: Expr): boolean => this.value(e).width === 4;

  /** The same question, answered without writing anything. */
  dependsOnLanes(e: Expr, seen: Set<Expr> = new Set()): boolean {
    if (!this.lanes || seen.has(e)) return false;
    seen.add(e);
    if (e.kind === 'local') return this.#local(e.name).width === 4;
    return freeAxes(e).has(this.lanes) || childrenOf(e).some((child) => this.dependsOnLanes(child, seen));
  }

  /** An index as an i32: that of lane 0. */
  index(index: Index, at = 0): Value {
    const terms = index.terms.map(({ factor, atom }) => ({ factor, value: this.#atom(atom, at) }));
    const [first, ...rest] = [...terms].sort((a, b) => Number(b.factor > 0) - Number(a.factor > 0));
    if (!first) return integer(index.offset);
    const scaled = (factor: number, value: Value): Value => (factor === 1 ? value : infix('*', value, integer(factor)));
    let sum = first.factor === -1 ? infix('*', first.value, integer(-1)) : scaled(first.factor, first.value);
    for (const { factor, value } of rest) {
      sum = infix(factor < 0 ? '-' : '+', { ...sum, isAtom: true }, scaled(Math.abs(factor), value));
    }
    if (index.offset === 0) return sum;
    return infix(index.offset < 0 ? '-' : '+', { ...sum, isAtom: true }, integer(Math.abs(index.offset)));
  }

  #atom(x: Atom, at: number): Value {
    switch (x.kind) {
      case 'axis': {
        const found = this.axes.get(x);
        if (!found) throw new Error(`internal: axis ${x.name} is not bound`);
        return x === this.lanes && at > 0 ? infix('+', found, integer(at)) : found;
      }
      case 'value':
        return convert('i32', lane(this.#named(x.expr), at));
      case 'div':
      case 'mod': {
        // Division truncates: a shift by multiples of `by` makes negative indices positive.
        const { min } = rangeOf(x.index);
        const blocks = min < 0 ? Math.ceil(-min / x.by) : 0;
        const inner = this.index({ ...x.index, offset: x.index.offset + blocks * x.by }, at);
        const result = infix(x.kind === 'div' ? '/' : '%', inner, integer(x.by));
        return x.kind === 'div' && blocks > 0 ? infix('-', result, integer(blocks)) : result;
      }
      default:
        return x satisfies never;
    }
  }

  #named(e: Expr): Value {
    const value = this.value(e);
    return value.width === 4 ? this.name(value, 'v') : value;
  }

  strideOf(index: Index): number | undefined {
    return this.lanes ? laneStride(index, this.lanes, true, this.varies) : 0;
  }

  /** An index as i32 in each lane; one i32 where all agree. */
  lanesOf(index: Index): Value {
    const stride = this.strideOf(index);
    if (stride === 0) return this.index(index);
    if (stride === undefined)
      return vector(
        [0, 1, 2, 3].map((l) => this.index(index, l)),
        'i32',
      );
    const steps = atom(`vec4<i32>(0, ${stride}, ${2 * stride}, ${3 * stride})`, 'i32', 4);
    return infix('+', splat(this.index(index)), steps);
  }

  /** Indices outside are harmless, since WGSL keeps every access inside the buffer; but none may be known to be outside. */
  fetch(e: FetchExpr): Value {
    const fill = scalarConstant(e.dtype, e.fill, this.module);
    if (rangeOf(e.offset).max < 0 || e.guards.some(neverHolds)) return fill;
    const loaded = this.name(this.#load(e), 'x');
    if (e.guards.length === 0) return loaded;
    const inside = e.guards.map((g) => this.#holds(g)).reduce((a, b) => this.#both(a, b));
    return select(this.name(inside, 'inside'), loaded, fill);
  }

  #both(a: Value, b: Value): Value {
    return a.width === b.width ? infix('&', a, b) : infix('&', splat(a), splat(b));
  }

  #holds({ index, extent }: Guard): Value {
    const { min, max } = rangeOf(index);
    const value = this.lanesOf(index);
    const constant = (n: number): Value => (value.width === 4 ? splat(integer(n)) : integer(n));
    const low = infix('>=', value, constant(0), 'bool');
    const high = infix('<', value, constant(extent), 'bool');
    if (min >= 0) return high;
    return max < extent ? low : infix('&', low, high);
  }

  #load({ slot, offset, dtype }: FetchExpr): Value {
    const buffers = this.#buffers;
    if (!buffers) throw new Error('internal: a fetch outside a kernel');
    const stride = this.strideOf(offset);
    if (stride === 0) return buffers.load(slot, dtype, this.index(offset));
    const { lanes } = this;
    if (lanes && buffers.isAligned(slot) && isVectorAccess(offset, lanes, this.varies)) {
      return buffers.loadVector(slot, dtype, this.index(offset));
    }
    if (stride === undefined) {
      const elements = [0, 1, 2, 3].map((l) => buffers.load(slot, dtype, this.index(offset, l)));
      return call(`vec4<${elements[0]?.type}>`, elements, elements[0]?.type ?? 'f32', 4);
    }
    const first = this.name(this.index(offset), 'at');
    const elements = [0, 1, 2, 3].map((l) =>
      buffers.load(slot, dtype, l === 0 ? first : infix('+', first, integer(l * stride))),
    );
    return vector(elements, elements[0]?.type ?? 'f32');
  }
}

const isLiteral = (x: Value): boolean => /^(-?[\d.]+(e[-+]?\d+)?[fiu]?|true|false)$/.test(x.text);

function neverHolds({ index, extent }: Guard): boolean {
  const { min, max } = rangeOf(index);
  return max < 0 || min >= extent;
}

const newScope = () => ({ values: new Map<Expr, Value>(), names: new Map<string, Value>() });
