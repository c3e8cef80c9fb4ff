import binaryen from 'binaryen';
import type { Index } from '../../../compiler/kernel/index-expr.ts';
import type { WasmFeatures } from '../../target.ts';
import { Code } from './code.ts';
import { codeProducts } from './code-products.ts';
import { codesBytes, writeCodes, writtenCodes } from './codes-of-a.ts';
import { type CodePanels, packedPanels, writeCodesOfB, writtenPanels } from './codes-of-b.ts';
import { type CodesTiling, chooseCodes } from './codes-tiling.ts';
import type { Contraction, OperandOfCodes } from './contraction.ts';
import { writeDense } from './dense.ts';
import type { DotForm } from './dots.ts';
import type { Epilogue, RenderValue } from './epilogue.ts';
import { makeLanes } from './lanes.ts';
import { wantsPairs } from './relaxed.ts';

/**
 * Finishes `code` as the function `name` of a contraction of int8 codes: A (`a` is where its elements are) and a live B are
 * quantised to scratch, then tiles are summed and stored. With relaxed SIMD the sums are in two functions beside it, of
 * which the machine at hand takes the faster.
 */
export function writeCodeContraction(
  code: Code,
  name: string,
  a: Index,
  c: Contraction,
  b: OperandOfCodes,
  features: WasmFeatures,
  epilogue: Epilogue,
  render: RenderValue,
  scratch: number,
): readonly CodesTiling[] {
  const sum = (into: Code, form: DotForm): CodesTiling => {
    const lanes = makeLanes(into, features);
    const tiling = chooseCodes(c, form, b.kind === 'live8' ? 1 : b.groupsIn16Bits, !epilogue.mayReadOutput);
    const codesOfA = writtenCodes(into, c.a, features, scratch);
    const products = codeProducts(into, lanes, c, tiling, form, codesOfA, panelsOfB(into));
    writeDense(into, lanes, c, tiling, epilogue, render, products);
    return tiling;
  };
  const scratchOfB = scratch + codesBytes(a, features);
  const panelsOfB = (into: Code): CodePanels =>
    b.kind === 'live8' ? writtenPanels(into, c, scratchOfB) : packedPanels(c);
  writeCodes(code, a, b.quantizationOfA, features, scratch);
  if (b.kind === 'live8') writeCodesOfB(code, makeLanes(code, features), c, b, panelsOfB(code));
  if (features !== 'relaxed') {
    const tiling = sum(code, features === 'simd' ? 'portable' : 'scalar');
    code.finish(name);
    return [tiling];
  }
  const { module } = code;
  const forms = ['relaxed', 'pairs'] as const;
  const tilings = forms.map((form) => {
    const own = new Code(module, code.params);
    const tiling = sum(own, form);
    own.finish(`${name}.${form}`);
    return tiling;
  });
  const calls = forms.map((form) => {
    const slots = code.params.map((_, i) => code.get(code.param(i)));
    return module.call(`${name}.${form}`, slots, binaryen.none);
  });
  const [dot, pairs] = calls;
  if (dot === undefined || pairs === undefined) throw new RangeError('internal: no sums');
  code.emit(module.if(wantsPairs(code), pairs, dot));
  code.finish(name);
  return tilings;
}
