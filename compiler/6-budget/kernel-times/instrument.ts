import binaryen from 'binaryen';
import { bug } from '../../diagnostics/internal.ts';

/** The clock that an instrumented module imports: `tick(i)`, told after call i of `run`. */
export const clockImport = { module: 'lcc', name: 'tick' } as const;

/** What an instrumented module exports besides: ticks that often, at `idleSite`, and does nothing else. */
export const idleExport = 'idle';

/** Beyond the calls: at the start of `run`, and in `idle`. */
export const startSite = (calls: number): number => calls;
export const idleSite = (calls: number): number => calls + 1;

const tick = 'lcc.tick';

/**
 * A module of targets/wasm with a clock: `run` calls `tick` at its start and after every kernel. Calls are counted as they stand
 * in the code, what a loop repeats once. @param calls how many there must be
 */
export function instrument(bytes: Uint8Array, calls: number): Uint8Array<ArrayBuffer> {
  const module = binaryen.readBinary(bytes);
  try {
    module.setFeatures(binaryen.Features.All);
    module.addFunctionImport(tick, clockImport.module, clockImport.name, binaryen.i32, binaryen.none);
    const found = addClock(module);
    if (found !== calls) throw bug(`the module's run makes ${found} calls, the manifest lists ${calls}`);
    addIdle(module, idleSite(calls));
    if (!module.validate()) throw bug('the module with a clock is not valid');
    return Uint8Array.from(module.emitBinary());
  } finally {
    module.dispose();
  }
}

/** Gives the exported `run` its ticks and returns how many calls it makes. */
function addClock(module: binaryen.Module): number {
  const exported = module.getExport('run');
  if (exported === 0) throw bug('the module exports no run');
  const name = binaryen.getExportInfo(exported).value;
  const run = binaryen.getFunctionInfo(module.getFunction(name));
  let calls = 0;
  const tickAt = (site: number): binaryen.ExpressionRef => module.call(tick, [module.i32.const(site)], binaryen.none);
  const rebuild = (expression: binaryen.ExpressionRef): binaryen.ExpressionRef => {
    const id = binaryen.getExpressionId(expression);
    if (id === binaryen.BlockId || id === binaryen.LoopId) {
      const info = binaryen.getExpressionInfo(expression);
      if (isBlock(info)) return module.block(info.name, info.children.map(rebuild), info.type);
      if (isLoop(info)) return module.loop(info.name, rebuild(info.body));
    }
    const copy = module.copyExpression(expression);
    return id === binaryen.CallId ? module.block(null, [copy, tickAt(calls++)]) : copy;
  };
  const body = rebuild(run.body);
  const timed = module.block(null, [tickAt(startSite(calls)), body]);
  module.removeExport('run');
  module.addFunction('lcc.run', run.params, run.results, run.vars, timed);
  module.addFunctionExport('lcc.run', 'run');
  return calls;
}

const isBlock = (info: binaryen.ExpressionInfo): info is binaryen.BlockInfo => info.id === binaryen.BlockId;
const isLoop = (info: binaryen.ExpressionInfo): info is binaryen.LoopInfo => info.id === binaryen.LoopId;

/** idle(times): do { tick(site) } while (--times) */
function addIdle(module: binaryen.Module, site: number): void {
  const { i32 } = module;
  const left = module.local.tee(0, i32.sub(module.local.get(0, binaryen.i32), i32.const(1)), binaryen.i32);
  const body = [module.call(tick, [i32.const(site)], binaryen.none), module.br('next', left)];
  const loop = module.loop('next', module.block(null, body));
  module.addFunction(idleExport, binaryen.i32, binaryen.none, [], loop);
  module.addFunctionExport(idleExport, idleExport);
}
