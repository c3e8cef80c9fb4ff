import type { Expr } from '../../compiler/kernel/expr.ts';
import { Code } from './code.ts';
import { Renderer } from './render.ts';
import type { ModuleParts } from './scalar.ts';
import { atom, bitcast, call, splat, typeName, type Value } from './value.ts';

/** The declarations of one WGSL module, each written once. */
export class ShaderModule implements ModuleParts {
  readonly #declarations = new Map<string, string>();
  readonly #functions = new Map<string, readonly string[]>();

  /** A module-scope declaration; `key` is what makes it the same as another. */
  declare(key: string, text: string): void {
    this.#declarations.set(key, text);
  }

  /** A function, written on the first call under its name. `head` is everything before the body. */
  define(name: string, head: string, write: (code: Code) => void): void {
    if (this.#functions.has(name)) return;
    const code = new Code();
    write(code);
    this.#functions.set(name, [`${head} {`, ...code.lines, '}']);
  }

  /** The entry point; it sees its workgroup as `group` and its place in that as `local`. */
  main([x, y, z]: readonly [number, number, number], write: (code: Code) => void): void {
    const size = `@compute @workgroup_size(${x}, ${y}, ${z})`;
    const inputs = '@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>';
    this.define('main', `${size}\nfn main(${inputs})`, write);
  }

  special(bits: number): Value {
    const name = `bits_${bits.toString(16)}`;
    this.declare(name, `var<private> ${name}: u32 = 0x${bits.toString(16)}u;`);
    return bitcast('f32', atom(name, 'u32'));
  }

  floatRemainder(a: Value, b: Value): Value {
    const width = a.width === 4 || b.width === 4 ? 4 : 1;
    const type = typeName('f32', width);
    if (width === 4) {
      this.#defineRemainder();
      this.define('remainder_vec4', `fn remainder_vec4(a: ${type}, b: ${type}) -> ${type}`, (code) => {
        const lanes = ['x', 'y', 'z', 'w'].map((l) => `remainder(a.${l}, b.${l})`);
        code.line(`return ${type}(${lanes.join(', ')});`);
      });
      return call('remainder_vec4', [splat(a), splat(b)], 'f32', 4);
    }
    this.#defineRemainder();
    return call('remainder', [a, b], 'f32', 1);
  }

  /** Exact: takes away b, doubled as often as it fits below what is left. */
  #defineRemainder(): void {
    this.define('remainder', 'fn remainder(a: f32, b: f32) -> f32', (code) => {
      code.line('let by = abs(b);');
      code.line('var left = abs(a);');
      code.line('if (!(by > 0f) || left > 3.4028234e38f) { return (a - a) / (b - b); }');
      code.line('if (by > 3.4028234e38f) { return a; }');
      code.line('while (left >= by) {');
      code.line('  var part = ldexp(by, exponent(left) - exponent(by));');
      code.line('  if (part > left) { part *= 0.5f; }');
      code.line('  left -= part;');
      code.line('}');
      code.line('return select(left, -left, bitcast<u32>(a) >= 0x80000000u);');
    });
    this.define('exponent', 'fn exponent(x: f32) -> i32', (code) => {
      code.line('return i32(bitcast<u32>(x) >> 23u);');
    });
  }

  /** A function of float32 values by its expansion, in scalars or in vectors. */
  composite(name: string, operands: readonly Value[], expand: (operands: readonly Expr[]) => Expr): Value {
    const width = operands.some((x) => x.width === 4) ? 4 : 1;
    const full = `${name}_${width === 4 ? 'vec4' : 'f32'}`;
    const type = typeName('f32', width);
    const names = operands.map((_, i) => `x${i}`);
    this.define(full, `fn ${full}(${names.map((n) => `${n}: ${type}`).join(', ')}) -> ${type}`, (code) => {
      const body = expand(names.map((n): Expr => ({ kind: 'local', dtype: 'float32', name: n })));
      const renderer = new Renderer(code, this);
      for (const n of names) renderer.locals.set(n, atom(n, 'f32', width));
      renderer.count(body);
      const value = renderer.value(body);
      code.line(`return ${(width === 4 ? splat(value) : value).text};`);
    });
    const arguments_ = operands.map((x) => (width === 4 ? splat(x) : x));
    return call(full, arguments_, 'f32', width);
  }

  /** The whole text but for its comment. */
  print(): string {
    return [...this.#declarations.values(), ...[...this.#functions.values()].map((f) => f.join('\n'))].join('\n');
  }
}
