import type { Graph, ValueId } from '../ir/graph.ts';
import type { Location, Port, Program, Step } from '../ir/program.ts';
import { verifyProgram } from '../ir/verify-program.ts';
import { freeAxes } from '../kernel/expr.ts';
import { type Axis, addIndex, makeAxis, toIndex } from '../kernel/index-expr.ts';
import { structuralKey } from '../kernel/key.ts';
import type { Kernel } from '../kernel/nest.ts';
import { elementCount, printShape, rowMajorStrides, sizesOf } from '../tensor/shape.ts';
import type { Tensor, TensorType } from '../tensor/tensor.ts';
import { writeContraction } from './contraction-writer.ts';
import { expandComposites } from './expand-composites.ts';
import { fuseGraph } from './fuse.ts';
import { writeHalo } from './halo.ts';
import {
  offsetIn,
  placeInSlots,
  type Reference,
  SlotTable,
  type Source,
  type WrittenKernel,
  writeNest,
} from './kernel-writer.ts';
import { assignLayouts, type Layouts } from './layout.ts';
import { type Lifetime, planArena } from './memory.ts';
import { kernelDType, poolDType } from './narrow.ts';
import { packPanels } from './pack.ts';
import { type Plan, planTasks, type Task } from './plan.ts';
import { PoolBuilder } from './pool.ts';

/** Graph to Program: fusion, contractions, layouts, kernels, memory. The same for every target. */
export function lower(graph: Graph): Program {
  return verifyProgram(new Lowering(graph).run());
}

interface Call {
  readonly kernel: number;
  readonly arguments: readonly Reference[];
}

class Lowering {
  private readonly graph: Graph;
  private readonly pool = new PoolBuilder();
  private readonly kernels: Kernel[] = [];
  private readonly keys = new Map<string, number>();
  private readonly calls: Call[] = [];
  private readonly types = new Map<ValueId, TensorType>();
  private readonly fixed: ReadonlySet<ValueId>;
  private readonly plan: Plan;
  private readonly layouts: Layouts;
  private macs = 0;

  constructor(source: Graph) {
    const graph = expandComposites(source);
    this.graph = graph;
    this.fixed = new Set([...graph.inputs, ...graph.outputs.map((o) => o.value)]);
    let nextId = Math.max(0, ...graph.values.keys()) + 1;
    const roots = fuseGraph(graph, () => nextId++);
    for (const { value } of roots) this.types.set(value.id, value.type);
    this.plan = planTasks(roots, {
      typeOf: (id) => this.valueOf(id).type,
      isConstant: (id) => graph.constants.has(id),
      isFixed: (id) => this.fixed.has(id),
      freshId: () => nextId++,
    });
    for (const task of this.plan.tasks) this.types.set(task.id, task.type);
    this.layouts = assignLayouts(this.plan, (id) => this.fixed.has(id));
  }

  run(): Program {
    const cleared = new Set<ValueId>();
    for (const task of this.plan.tasks) {
      if (elementCount(task.type.shape) === 0) continue;
      this.clearHalo(task, cleared);
      if (task.root.kind === 'concat') this.writePieces(task);
      else this.writeTask(task);
    }
    const constantOutputs = this.copyConstantOutputs();
    const lifetimes = this.lifetimes(constantOutputs);
    const arena = planArena(lifetimes);
    const locate = (id: ValueId, offset: number, bytes: number): Location => ({
      space: 'arena',
      offset: (arena.offsets.get(id) ?? 0) + offset,
      bytes,
    });
    const port = (name: string, id: ValueId, place: ValueId): Port => {
      const { dtype, shape } = this.valueOf(id).type;
      return { name, dtype, shape: sizesOf(shape), location: locate(place, 0, elementCount(shape) * 4) };
    };
    return {
      name: this.graph.name,
      kernels: this.kernels,
      steps: this.calls.map(
        (call): Step => ({
          kind: 'call',
          kernel: call.kernel,
          arguments: call.arguments.map((r) =>
            r.kind === 'buffer'
              ? locate(r.buffer, r.offset * 4, r.elements * 4)
              : { space: 'constants', offset: r.byteOffset + r.offset * 4, bytes: r.elements * 4 },
          ),
        }),
      ),
      constants: this.pool.finish(),
      inputs: this.graph.inputs.map((id) => port(this.valueOf(id).name, id, id)),
      outputs: this.graph.outputs.map((o) => port(o.name, o.value, constantOutputs.get(o.value) ?? o.value)),
      arenaBytes: arena.bytes,
      macs: this.macs,
    };
  }

  private valueOf(id: ValueId): { readonly name: string; readonly type: TensorType } {
    const value = this.graph.values.get(id);
    if (value) return value;
    const type = this.types.get(id);
    if (!type) throw new Error(`internal: unknown value ${id}`);
    return { name: 'copy', type };
  }

  private emit(written: WrittenKernel): void {
    const key = structuralKey(written.kernel);
    const kernel = this.keys.get(key) ?? this.kernels.push(written.kernel) - 1;
    this.keys.set(key, kernel);
    this.calls.push({ kernel, arguments: written.arguments });
  }

  private sourceOf(id: ValueId): {
    readonly source: Source;
    readonly name: string;
    readonly dtype: TensorType['dtype'];
  } {
    const { name, type } = this.valueOf(id);
    const elements = elementCount(type.shape);
    const tensor = this.graph.constants.get(id);
    if (tensor) {
      const entry = this.pool.addTensor(name, tensor);
      const strides = rowMajorStrides(type.shape);
      return {
        source: { kind: 'pool', byteOffset: entry.offset, strides, elements },
        name,
        dtype: poolDType(type.dtype),
      };
    }
    return { source: this.written(id), name, dtype: kernelDType(type.dtype) };
  }

  private written(id: ValueId): Source {
    const { type } = this.valueOf(id);
    const layout = this.layouts.of.get(id) ?? { buffer: id, offset: 0, strides: rowMajorStrides(type.shape) };
    const elements = this.layouts.buffers.get(layout.buffer)?.elements ?? elementCount(type.shape);
    return { kind: 'value', layout, elements };
  }

  private tableOf(values: readonly number[], dtype: 'float32' | 'int32'): Source {
    const data = dtype === 'float32' ? Float32Array.from(values) : Int32Array.from(values);
    const entry = this.pool.add('table', 'row-major', data);
    return { kind: 'pool', byteOffset: entry.offset, strides: [1], elements: values.length };
  }

  private writeTask(task: Task): void {
    if (task.contraction) this.writeContractionTask(task);
    else this.writeNestTask(task.name, task, this.written(task.id));
  }

  private outputSlots(task: Task, target: Source): SlotTable {
    const slots = new SlotTable();
    slots.add('output', task.name, kernelDType(task.type.dtype), 'write', target);
    return slots;
  }

  private writeNestTask(name: string, task: Task, target: Source): void {
    const slots = this.outputSlots(task, target);
    const value = this.place(task.root.expr, slots);
    this.emit(
      writeNest(
        `${name} ${printShape(task.type.shape)}`,
        slots,
        task.root.axes,
        offsetIn(target, task.root.index),
        value,
      ),
    );
  }

  private place(expr: Task['root']['expr'], slots: SlotTable): Task['root']['expr'] {
    return placeInSlots(
      expr,
      slots,
      (id) => this.sourceOf(id),
      (values, dtype) => this.tableOf(values, dtype),
    );
  }

  private writeContractionTask(task: Task): void {
    const c = task.contraction;
    if (!c) throw new Error('internal: not a contraction');
    const target = this.written(task.id);
    const slots = this.outputSlots(task, target);
    const a = this.sourceOf(c.a.source);
    slots.add('operand a', a.name, 'float32', 'read', a.source);
    const weights = this.graph.constants.get(c.b.source);
    let packed = { kind: 'pool' as const, byteOffset: 0, strides: [1], elements: 0 };
    const live = weights ? undefined : this.sourceOf(c.b.source);
    const bSlot = slots.add(
      'operand b',
      live?.name ?? this.valueOf(c.b.source).name,
      'float32',
      'read',
      live?.source ?? packed,
    );
    const epilogue = this.place(c.epilogue, slots);
    const varying = new Set<Axis>([...freeAxes(c.b), ...(c.bias ? freeAxes(c.bias) : [])]);
    const written = writeContraction(
      `${task.name} ${printShape(task.type.shape)}`,
      slots,
      {
        contraction: c,
        a: offsetIn(a.source, c.a.index),
        b: live && offsetIn(live.source, c.b.index),
        store: offsetIn(target, task.root.index),
        epilogue,
        weightBatch: new Set(c.batch.filter((axis) => varying.has(axis))),
      },
      (order) => {
        packed = this.pack(c, weights, order);
      },
    );
    const whole: Reference = { kind: 'pool', byteOffset: packed.byteOffset, offset: 0, elements: packed.elements };
    this.emit({
      kernel: written.kernel,
      arguments: written.arguments.map((r, slot) => (slot === bSlot && !live ? whole : r)),
    });
    this.macs += [...c.batch, ...c.m, c.n, ...c.k].reduce((n, axis) => n * axis.extent.size, 1);
  }

  private pack(
    c: NonNullable<Task['contraction']>,
    weights: Tensor | undefined,
    order: Parameters<Parameters<typeof writeContraction>[3]>[0],
  ) {
    if (!weights) throw new Error('internal: live operands are not packed');
    const biasTensor = c.bias && this.graph.constants.get(c.bias.source);
    const bias = c.bias && biasTensor && { load: c.bias, tensor: biasTensor };
    const data = packPanels({ load: c.b, tensor: weights }, bias, order.batch, order.n, order.k);
    const entry = this.pool.add(this.valueOf(c.b.source).name, 'panels-of-8', data);
    return { kind: 'pool' as const, byteOffset: entry.offset, strides: [1], elements: data.length };
  }

  /** Operands that do not lie in their place inside the concat are copied there. */
  private writePieces(task: Task): void {
    const target = this.written(task.id);
    if (target.kind !== 'value') throw new Error('internal: a concat in the pool');
    for (const piece of task.pieces) {
      const { type } = this.valueOf(piece.source);
      if (elementCount(type.shape) === 0) continue;
      const own = this.layouts.of.get(piece.source);
      const start = target.layout.offset + piece.start * (target.layout.strides[piece.axis] ?? 0);
      if (own?.buffer === target.layout.buffer && own.offset === start) continue;
      const axes = type.shape.map((d, i) => makeAxis(`d${i}`, d));
      const { dtype } = type;
      const load = {
        kind: 'load' as const,
        dtype,
        source: piece.source,
        index: axes.map(toIndex),
        guards: [],
        fill: 0,
      };
      const index = axes.map((axis, d) => (d === piece.axis ? addIndex(axis, piece.start) : toIndex(axis)));
      const root = { kind: 'computed' as const, axes, index, expr: load, fused: ['copy'] };
      this.writeNestTask('concat', { ...task, type, root, pieces: [] }, target);
    }
  }

  /** Zeroes a buffer's halo before its first write. */
  private clearHalo(task: Task, cleared: Set<ValueId>): void {
    const buffer = this.layouts.buffers.get(this.layouts.of.get(task.id)?.buffer ?? -1);
    if (!buffer?.halo || cleared.has(buffer.id)) return;
    cleared.add(buffer.id);
    const { type } = this.valueOf(buffer.id);
    const target = this.written(buffer.id);
    if (target.kind !== 'value') throw new Error('internal: a halo in the pool');
    const slots = this.outputSlots({ ...task, type }, target);
    const name = `halo ${printShape(type.shape)}`;
    this.emit(writeHalo(name, slots, sizesOf(type.shape), buffer.halo, target.layout, kernelDType(type.dtype)));
  }

  private copyConstantOutputs(): Map<ValueId, ValueId> {
    const copies = new Map<ValueId, ValueId>();
    let nextId = Math.max(0, ...this.graph.values.keys(), ...this.types.keys()) + 1;
    for (const { value } of this.graph.outputs) {
      const tensor = this.graph.constants.get(value);
      if (!tensor || copies.has(value)) continue;
      const id = nextId++;
      copies.set(value, id);
      this.types.set(id, tensor);
      if (elementCount(tensor.shape) === 0) continue;
      const axes = tensor.shape.map((d, i) => makeAxis(`d${i}`, d));
      const { dtype, shape } = tensor;
      const expr = { kind: 'load' as const, dtype, source: value, index: axes.map(toIndex), guards: [], fill: 0 };
      const root = { kind: 'computed' as const, axes, index: axes.map(toIndex), expr, fused: ['copy'] };
      const task: Task = { id, name: 'copy', type: { dtype, shape }, root, contraction: undefined, pieces: [] };
      this.writeNestTask('copy', task, this.written(id));
    }
    return copies;
  }

  /** Inputs live from before the first step, outputs until after the last, the rest from first write to last use. */
  private lifetimes(constantOutputs: ReadonlyMap<ValueId, ValueId>): Lifetime[] {
    const spans = new Map<ValueId, { first: number; last: number }>();
    const touch = (id: ValueId, step: number): void => {
      const span = spans.get(id) ?? { first: step, last: step };
      spans.set(id, { first: Math.min(span.first, step), last: Math.max(span.last, step) });
    };
    for (const id of this.graph.inputs) touch(id, -1);
    this.calls.forEach((call, step) => {
      for (const r of call.arguments) if (r.kind === 'buffer') touch(r.buffer, step);
    });
    for (const { value } of this.graph.outputs) touch(constantOutputs.get(value) ?? value, this.calls.length);
    return [...spans].map(([id, span]) => {
      const elements = this.layouts.buffers.get(id)?.elements ?? elementCount(this.valueOf(id).type.shape);
      return { id, bytes: elements * 4, ...span };
    });
  }
}
