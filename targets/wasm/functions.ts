import binaryen from 'binaryen';
import type { Expr } from '../../compiler/kernel/expr.ts';
import type { BinaryOp, UnaryOp } from '../../compiler/kernel/scalar.ts';
import { expandBinary, expandUnary } from '../../compiler/kernel/transcendental/index.ts';
import type { WasmFeatures } from '../target.ts';
import { Code, type Ref } from './kernels/code.ts';
import { type IntrinsicName, intrinsicResult, requireIntrinsic } from './primitives/intrinsics.ts';
import { renderExpr } from './render-expr.ts';
import { Splats } from './splats.ts';

const argument = (name: string): Expr => ({ kind: 'local', dtype: 'float32', name });

/** Functions that the kernels of one module share; each joins the module on first use. */
export class Functions {
  readonly module: binaryen.Module;
  readonly features: WasmFeatures;
  readonly splats: Splats;
  readonly #known = new Set<string>();

  constructor(module: binaryen.Module, features: WasmFeatures) {
    this.module = module;
    this.features = features;
    this.splats = new Splats(module);
  }

  intrinsic(name: IntrinsicName, operands: readonly Ref[]): Ref {
    requireIntrinsic(this.module, name, this.#known);
    return this.module.call(name, operands, intrinsicResult(name));
  }

  /** A composite primitive of float32: of four lanes (v128), or of one where there is no SIMD (f32). */
  composite(op: UnaryOp | BinaryOp, operands: readonly Ref[]): Ref {
    const isVector = this.features !== 'scalar';
    const type = isVector ? binaryen.v128 : binaryen.f32;
    if (!this.#known.has(op)) {
      this.#known.add(op);
      const names = ['x', 'y'].slice(0, operands.length);
      const code = new Code(
        this.module,
        names.map(() => type),
      );
      const locals = new Map(names.map((name, i) => [name, { local: code.param(i), isVector }]));
      const result = renderExpr(expand(op), { code, functions: this, slots: [], axes: new Map(), locals, isVector });
      code.emit(result);
      code.finish(op, type);
    }
    return this.module.call(op, operands, type);
  }
}

function expand(op: UnaryOp | BinaryOp): Expr {
  if (op === 'pow' || op === 'atan2') return expandBinary(op, argument('x'), argument('y'));
  return expandUnary(op as UnaryOp, argument('x'));
}
