import type { Graph, ValueId } from '../ir/graph.ts';
import type { Location, Port, Program, Step } from '../ir/program.ts';
import { verifyProgram } from '../ir/verify-program.ts';
import { elementCount, sizesOf } from '../tensor/shape.ts';
import type { TensorType } from '../tensor/tensor.ts';
import { computeConstantOutputs } from './constant-outputs.ts';
import { expandComposites } from './expand-composites.ts';
import { fuseGraph } from './fuse.ts';
import type { Reference } from './kernel-writer.ts';
import { assignLayouts, type Layouts } from './layout.ts';
import { type Lifetime, planArena } from './memory.ts';
import { isWeightCodes } from './pack-codes.ts';
import { planTasks } from './plan.ts';
import { type Call, type FindValue, type WrittenProgram, writeTasks } from './task-writer.ts';

/** Graph to Program: fusion, contractions, layouts, kernels, memory. The same for every target. */
export function lower(source: Graph): Program {
  const graph = computeConstantOutputs(expandComposites(source));
  const fixed = new Set([...graph.inputs, ...graph.outputs.map((o) => o.value)]);
  const isFixed = (id: ValueId): boolean => fixed.has(id);
  const made = new Map<ValueId, TensorType>();
  const findValue: FindValue = (id) => {
    const type = graph.values.get(id)?.type ?? made.get(id);
    if (!type) throw new Error(`internal: unknown value ${id}`);
    return { name: graph.values.get(id)?.name ?? 'copy', type };
  };
  let nextId = Math.max(0, ...graph.values.keys()) + 1;
  const freshId = (): ValueId => nextId++;

  const roots = fuseGraph(graph, freshId);
  for (const { value } of roots) made.set(value.id, value.type);
  const isConstant = (id: ValueId): boolean => graph.constants.has(id);
  const isOfCodes = (id: ValueId): boolean => isWeightCodes(graph.constants.get(id));
  const plan = planTasks(roots, { typeOf: (id) => findValue(id).type, isConstant, isOfCodes, isFixed, freshId });
  for (const task of plan.tasks) made.set(task.id, task.type);
  const layouts = assignLayouts(plan, isFixed);
  return verifyProgram(placeBuffers(graph, writeTasks(graph, plan.tasks, layouts, findValue), layouts, findValue));
}

/** The program with every buffer at its place in the arena. */
function placeBuffers(graph: Graph, written: WrittenProgram, layouts: Layouts, findValue: FindValue): Program {
  const { kernels, calls, constants, macs } = written;
  const bytesOf = (id: ValueId): number =>
    4 * (layouts.buffers.get(id)?.elements ?? elementCount(findValue(id).type.shape));
  const lifetimes = lifetimesOf(graph, calls, bytesOf);
  const arena = planArena(lifetimes);
  const locate = (id: ValueId, offset: number, bytes: number): Location => ({
    space: 'arena',
    offset: (arena.offsets.get(id) ?? 0) + offset,
    bytes,
  });
  const place = (r: Reference): Location =>
    r.kind === 'buffer'
      ? locate(r.buffer, r.offset * 4, r.elements * 4)
      : { space: 'constants', offset: r.byteOffset + r.offset * 4, bytes: r.elements * 4 };
  const port = (name: string, id: ValueId): Port => {
    const { dtype, shape } = findValue(id).type;
    return { name, dtype, shape: sizesOf(shape), location: locate(id, 0, elementCount(shape) * 4) };
  };
  return {
    name: graph.name,
    kernels,
    steps: calls.map((call): Step => ({ kind: 'call', kernel: call.kernel, arguments: call.arguments.map(place) })),
    constants,
    inputs: graph.inputs.map((id) => port(findValue(id).name, id)),
    outputs: graph.outputs.map((o) => port(o.name, o.value)),
    arenaBytes: arena.bytes,
    buffers: lifetimes
      .map(({ id, bytes, first, last }) => ({
        name: findValue(id).name,
        offset: arena.offsets.get(id) ?? 0,
        bytes,
        first,
        last,
      }))
      .sort((a, b) => a.first - b.first || a.offset - b.offset),
    macs,
  };
}

/** Inputs live from before the first step, outputs until after the last, the rest from first write to last use. */
function lifetimesOf(graph: Graph, calls: readonly Call[], bytesOf: (id: ValueId) => number): Lifetime[] {
  const spans = new Map<ValueId, { first: number; last: number }>();
  const touch = (id: ValueId, step: number): void => {
    const span = spans.get(id) ?? { first: step, last: step };
    spans.set(id, { first: Math.min(span.first, step), last: Math.max(span.last, step) });
  };
  for (const id of graph.inputs) touch(id, -1);
  calls.forEach((call, step) => {
    for (const r of call.arguments) if (r.kind === 'buffer') touch(r.buffer, step);
  });
  for (const { value } of graph.outputs) touch(value, calls.length);
  return [...spans].map(([id, span]) => ({ id, bytes: bytesOf(id), ...span }));
}
