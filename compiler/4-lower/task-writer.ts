import type { Graph, ValueId } from '../ir/graph.ts';
import type { ConstantPool } from '../ir/program.ts';
import { type Axis, addIndex, makeAxis, toIndex } from '../kernel/index-expr.ts';
import { structuralKey } from '../kernel/key.ts';
import type { Kernel } from '../kernel/nest.ts';
import { codesPerWord } from '../kernel/quantization.ts';
import { freeAxes } from '../kernel/traverse.ts';
import { elementCount, printShape, rowMajorStrides, sizesOf } from '../tensor/shape.ts';
import type { Tensor, TensorType } from '../tensor/tensor.ts';
import type { Contraction } from './contraction.ts';
import { writeContraction } from './contraction-writer.ts';
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
import type { Layouts } from './layout.ts';
import { kernelDType, poolDType } from './narrow.ts';
import { packPanels, points } from './pack.ts';
import { filledRows, groupsIn16Bits, packCodes } from './pack-codes.ts';
import type { Task } from './plan.ts';
import { PoolBuilder } from './pool.ts';
import { packedGrid, storeEntry } from './store-entry.ts';

/** A kernel to run, and the memory of each of its slots. */
export interface Call {
  readonly kernel: number;
  readonly arguments: readonly Reference[];
}

export interface WrittenProgram {
  readonly kernels: readonly Kernel[];
  readonly calls: readonly Call[];
  readonly constants: ConstantPool;
  /** multiply-adds of one run */
  readonly macs: number;
}

export type FindValue = (id: ValueId) => { readonly name: string; readonly type: TensorType };

/** Writes the kernels of all tasks in order; equal kernels once, constants in the order of their first use. */
export function writeTasks(
  graph: Graph,
  tasks: readonly Task[],
  layouts: Layouts,
  findValue: FindValue,
): WrittenProgram {
  const writer = new TaskWriter(graph, layouts, findValue);
  for (const task of tasks) if (elementCount(task.type.shape) > 0) writer.write(task);
  return writer.finish();
}

class TaskWriter {
  private readonly graph: Graph;
  private readonly layouts: Layouts;
  private readonly findValue: FindValue;
  private readonly pool = new PoolBuilder();
  private readonly kernels: Kernel[] = [];
  private readonly keys = new Map<string, number>();
  private readonly calls: Call[] = [];
  private readonly cleared = new Set<ValueId>();
  private macs = 0;

  constructor(graph: Graph, layouts: Layouts, findValue: FindValue) {
    this.graph = graph;
    this.layouts = layouts;
    this.findValue = findValue;
  }

  write(task: Task): void {
    this.clearHalo(task);
    if (task.root.kind === 'concat') this.writePieces(task);
    else if (task.contraction) this.writeContractionTask(task, task.contraction);
    else this.writeNestTask(task.name, task, this.written(task.id));
  }

  finish(): WrittenProgram {
    return { kernels: this.kernels, calls: this.calls, constants: this.pool.finish(), macs: this.macs };
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
    const { name, type } = this.findValue(id);
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
    const { type } = this.findValue(id);
    const layout = this.layouts.of.get(id) ?? { buffer: id, offset: 0, strides: rowMajorStrides(type.shape) };
    const elements = this.layouts.buffers.get(layout.buffer)?.elements ?? elementCount(type.shape);
    return { kind: 'value', layout, elements };
  }

  private tableOf(values: readonly number[], dtype: 'float32' | 'int32'): Source {
    const data = dtype === 'float32' ? Float32Array.from(values) : Int32Array.from(values);
    const entry = this.pool.add('table', 'row-major', data);
    return { kind: 'pool', byteOffset: entry.offset, strides: [1], elements: values.length };
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

  private writeContractionTask(task: Task, c: Contraction): void {
    const target = this.written(task.id);
    const slots = this.outputSlots(task, target);
    const a = this.sourceOf(c.a.source);
    slots.add('operand a', a.name, 'float32', 'read', a.source);
    const weights = this.graph.constants.get(c.b.source);
    let packed = { kind: 'pool' as const, byteOffset: 0, strides: [1], elements: 0 };
    const live = weights ? undefined : this.sourceOf(c.b.source);
    const bSlot = slots.add(
      'operand b',
      live?.name ?? this.findValue(c.b.source).name,
      c.quantization && weights ? 'int32' : 'float32',
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
        const { place, facts } = this.pack(c, weights, order);
        packed = place;
        return facts;
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
    c: Contraction,
    weights: Tensor | undefined,
    order: Parameters<Parameters<typeof writeContraction>[3]>[0],
  ) {
    if (!weights) throw new Error('internal: live operands are not packed');
    const { name } = this.findValue(c.b.source);
    if (c.quantization) {
      const codes = packCodes({ load: c.b, tensor: weights }, order.batch, order.n, order.k, order.run);
      const entry = this.pool.add(name, 'groups-of-4', codes);
      const elements = codes.length / codesPerWord;
      const place = { kind: 'pool' as const, byteOffset: entry.offset, strides: [1], elements };
      return {
        place,
        facts: { groupsIn16Bits: groupsIn16Bits(codes, filledRows(order.k, order.run)) },
      };
    }
    const biasTensor = c.bias && this.graph.constants.get(c.bias.source);
    const bias = c.bias && biasTensor && { load: c.bias, tensor: biasTensor };
    const data = packPanels({ load: c.b, tensor: weights }, bias, order.batch, order.n, order.k);
    const grid = packedGrid(data, points(order.n), points(order.k));
    const stored = storeEntry(weights, data, grid, (values) =>
      packPanels({ load: c.b, tensor: { ...weights, data: values } }, undefined, order.batch, order.n, order.k),
    );
    const entry = this.pool.add(name, 'panels-of-8', data, stored, grid);
    const place = { kind: 'pool' as const, byteOffset: entry.offset, strides: [1], elements: data.length };
    return { place, facts: { groupsIn16Bits: 1 as const } };
  }

  /** Operands that do not lie in their place inside the concat are copied there. */
  private writePieces(task: Task): void {
    const target = this.written(task.id);
    if (target.kind !== 'value') throw new Error('internal: a concat in the pool');
    for (const piece of task.pieces) {
      const { type } = this.findValue(piece.source);
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
  private clearHalo(task: Task): void {
    const buffer = this.layouts.buffers.get(this.layouts.of.get(task.id)?.buffer ?? -1);
    if (!buffer?.halo || this.cleared.has(buffer.id)) return;
    this.cleared.add(buffer.id);
    const { type } = this.findValue(buffer.id);
    const target = this.written(buffer.id);
    if (target.kind !== 'value') throw new Error('internal: a halo in the pool');
    const slots = this.outputSlots({ ...task, type }, target);
    const name = `halo ${printShape(type.shape)}`;
    this.emit(writeHalo(name, slots, sizesOf(type.shape), buffer.halo, target.layout, kernelDType(type.dtype)));
  }
}
