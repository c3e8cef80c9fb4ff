import { bug } from '../diagnostics/index.ts';
import type { Expr } from '../kernel/expr.ts';
import { type Axis, type Index, isAffine, rangeOf } from '../kernel/index-expr.ts';
import type { ContractionKernel, Kernel, NestKernel, Stmt } from '../kernel/nest.ts';
import { childrenOf } from '../kernel/traverse.ts';
import type { Location, Program, Step } from './program.ts';

/**
 * Checks what every target may rely on: calls name kernels and give one place per slot, inside the constants or the
 * arena; no index without guards leaves its slot; contractions keep the promises of kernel/nest.ts. Anything else is a
 * bug of lowering (LCC9001).
 */
export function verifyProgram(program: Program): Program {
  const uses = program.kernels.map((kernel) => {
    if (kernel.kind === 'contraction') verifyContraction(kernel);
    return usesOf(kernel);
  });
  const visit = (step: Step): void => {
    if (step.kind === 'repeat') {
      for (const inner of step.steps) visit(inner);
      return;
    }
    const kernel = program.kernels[step.kernel];
    if (!kernel) throw bug(`a step calls kernel ${step.kernel} of ${program.kernels.length}`);
    if (step.arguments.length !== kernel.slots.length) {
      throw bug(`"${kernel.name}" has ${kernel.slots.length} slots and is given ${step.arguments.length} places`);
    }
    for (const location of step.arguments) verifyLocation(program, location, kernel.name);
    for (const { slot, index } of uses[step.kernel] ?? []) {
      const elements = (step.arguments[slot]?.bytes ?? 0) / 4;
      if (isNeverReached(index)) continue;
      const { min, max } = rangeOf(index);
      if (min < 0 || max >= elements) {
        const name = kernel.slots[slot]?.name;
        throw bug(`"${kernel.name}" reaches elements ${min} to ${max} of the ${elements} of ${name}`);
      }
    }
  };
  for (const step of program.steps) visit(step);
  for (const { name, location } of [...program.inputs, ...program.outputs]) verifyLocation(program, location, name);
  return program;
}

const isNeverReached = (index: Index): boolean =>
  index.terms.some((t) => t.atom.kind === 'axis' && t.atom.extent.size === 0);

function verifyLocation(program: Program, { space, offset, bytes }: Location, name: string): void {
  const size = space === 'constants' ? program.constants.size : program.arenaBytes;
  const isWhole = Number.isInteger(offset / 4) && Number.isInteger(bytes / 4);
  if (isWhole && offset >= 0 && bytes >= 0 && offset + bytes <= size) return;
  throw bug(`"${name}" is given ${bytes} bytes at ${offset} of the ${size} of the ${space}`);
}

function verifyContraction({ name, form, a, b, n, k, store }: ContractionKernel): void {
  const strideOf = (index: Index, axis: Axis): number => index.terms.find((t) => t.atom === axis)?.factor ?? 0;
  const indices = [a.offset, store.offset, ...(isLive(b) ? [b.offset] : [])];
  if (!indices.every(isAffine)) throw bug(`"${name}" has an operand that is not affine`);
  const alongN = strideOf(a.offset, n);
  if (form === 'dense' && alongN !== 0) throw bug(`"${name}" is dense and its A varies along n`);
  if (b.kind === 'packed8' || b.kind === 'live8') {
    const inner = k.at(-1);
    const isGrouped = inner !== undefined && (inner.extent.size === 1 || strideOf(a.offset, inner) === 1);
    if (form !== 'dense' || !isGrouped) throw bug(`"${name}" multiplies int8 codes and its A is not in groups along k`);
  }
  if (form === 'dense') return;
  if (alongN !== 1 && n.extent.size > 1) throw bug(`"${name}" is channelwise and its channels are ${alongN} apart`);
  if (isLive(b)) throw bug(`"${name}" is channelwise and its weights are live`);
}

const isLive = (b: ContractionKernel['b']): b is Extract<ContractionKernel['b'], { offset: Index }> =>
  b.kind === 'live' || b.kind === 'live8';

interface Use {
  readonly slot: number;
  readonly index: Index;
}

/** Every index of a kernel that no guard keeps inside its slot. */
function usesOf(kernel: Kernel): Use[] {
  if (kernel.kind === 'nest') return usesOfNest(kernel);
  const { a, b, store, epilogue } = kernel;
  const operands = [
    { slot: 0, index: store.offset },
    { slot: 1, index: a.offset },
  ];
  return [...operands, ...(isLive(b) ? [{ slot: 2, index: b.offset }] : []), ...usesOfExpr(epilogue)];
}

function usesOfNest(kernel: NestKernel): Use[] {
  const found: Use[] = [];
  const seen = new Set<Expr>();
  const visit = (stmt: Stmt): void => {
    switch (stmt.kind) {
      case 'loop':
        for (const inner of stmt.body) visit(inner);
        break;
      case 'reduce':
        for (const fold of stmt.folds) found.push(...usesOfExpr(fold.body, seen));
        break;
      case 'let':
        found.push(...usesOfExpr(stmt.value, seen));
        break;
      case 'store':
        found.push({ slot: stmt.slot, index: stmt.offset }, ...usesOfExpr(stmt.value, seen));
        break;
      default:
        stmt satisfies never;
    }
  };
  for (const stmt of kernel.body) visit(stmt);
  return found;
}

function usesOfExpr(e: Expr, seen: Set<Expr> = new Set()): Use[] {
  if (seen.has(e)) return [];
  seen.add(e);
  const own = e.kind === 'fetch' && e.guards.length === 0 ? [{ slot: e.slot, index: e.offset }] : [];
  return [...own, ...childrenOf(e).flatMap((child) => usesOfExpr(child, seen))];
}
