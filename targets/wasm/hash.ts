import binaryen from 'binaryen';
import { Code, type Local, type Ref } from './kernels/code.ts';

const highGlobal = 'hashHigh';
const partBytes = 4096;

/**
 * Exports `hash(address, words)`, the low half of what runtime/hash.ts computes of that memory, and `hashHigh()`, the high
 * half of the last one: a module checks its weights ten times as fast as JavaScript that runs for the first time.
 */
export function addHash(module: binaryen.Module): void {
  module.addGlobal(highGlobal, binaryen.i32, true, module.i32.const(0));
  const code = new Code(module, [binaryen.i32, binaryen.i32]);
  const { i32 } = module;
  const at = code.param(0);
  const words = code.get(code.param(1));
  const xor = (local: Local, value: Ref): Ref => i32.xor(code.get(local), value);
  const shifted = (local: Local, by: number): Ref => i32.shr_u(code.get(local), code.i32(by));
  const load = (offset: number): Ref => i32.load(offset, 4, code.get(at));
  const whenBelow = (end: Local, write: () => void): void => {
    code.emit(module.if(i32.lt_u(code.get(at), code.get(end)), code.block(write)));
  };

  const end = code.keep(binaryen.i32, i32.add(code.get(at), i32.shl(words, code.i32(2))));
  const a = code.keep(binaryen.i32, i32.xor(code.i32(0x6c636377), code.get(code.param(1))));
  const b = code.keep(binaryen.i32, code.i32(0x31415927));
  const partEnd = code.local(binaryen.i32);
  const pairEnd = code.local(binaryen.i32);
  const stepA = (): void => code.set(a, i32.mul(xor(a, load(0)), code.i32(0x9e3779b1 | 0)));
  const stepPair = (): void => {
    stepA();
    code.set(a, xor(a, shifted(a, 15)));
    code.set(b, i32.mul(i32.add(code.get(b), load(4)), code.i32(0x85ebca77 | 0)));
    code.set(b, xor(b, shifted(b, 14)));
    code.addTo(at, 8);
  };
  const stepPart = (): void => {
    code.set(partEnd, code.plus(code.get(at), partBytes));
    const isLast = i32.gt_u(code.get(partEnd), code.get(end));
    code.set(partEnd, module.select(isLast, code.get(end), code.get(partEnd)));
    const bytes = i32.sub(code.get(partEnd), code.get(at));
    code.set(pairEnd, i32.add(code.get(at), i32.and(bytes, code.i32(~7))));
    whenBelow(pairEnd, () => code.repeat(stepPair, () => i32.lt_u(code.get(at), code.get(pairEnd))));
    whenBelow(partEnd, () => {
      stepA();
      code.addTo(at, 4);
    });
    code.set(a, xor(a, i32.rotl(code.get(b), code.i32(16))));
    code.set(b, i32.add(code.get(b), i32.mul(code.get(a), code.i32(0x27d4eb2f))));
  };
  whenBelow(end, () => code.repeat(stepPart, () => i32.lt_u(code.get(at), code.get(end))));
  code.set(a, i32.mul(xor(a, shifted(a, 16)), code.i32(0x7feb352d)));
  code.set(b, i32.mul(i32.xor(xor(b, shifted(b, 15)), code.get(a)), code.i32(0xc2b2ae3d | 0)));
  code.emit(module.global.set(highGlobal, xor(b, shifted(b, 16))));
  code.emit(xor(a, shifted(a, 15)));
  code.finish('hash', binaryen.i32);
  module.addFunctionExport('hash', 'hash');

  const high = new Code(module, []);
  high.emit(module.global.get(highGlobal, binaryen.i32));
  high.finish(highGlobal, binaryen.i32);
  module.addFunctionExport(highGlobal, highGlobal);
}
