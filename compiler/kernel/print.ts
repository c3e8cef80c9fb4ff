import type { Expr, Guard } from './expr.ts';
import type { Atom, Axis, Index } from './index-expr.ts';
import type { ContractionKernel, Kernel, NestKernel, Slot, Stmt } from './nest.ts';
import type { BinaryOp } from './scalar.ts';

/**
 * A kernel as text, the same for the same kernel:
 *     nest "relu [1,8]"
 *       y: float32 write, x: float32 read
 *       for d1 < 8
 *         y[d1] = max(0, x[d1])
 */
export function printKernel(kernel: Kernel): string {
  const lines = kernel.kind === 'nest' ? nestLines(kernel) : contractionLines(kernel);
  return `${[`${kernel.kind} "${kernel.name}"`, ...indent(lines)].join('\n')}\n`;
}

const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

const printSlots = (slots: readonly Slot[]): string =>
  slots.map((slot) => `${slot.name}: ${slot.dtype} ${slot.access}`).join(', ');

const nestLines = ({ slots, body }: NestKernel): string[] => [
  printSlots(slots),
  ...body.flatMap((s) => stmtLines(s, slots)),
];

function contractionLines(kernel: ContractionKernel): string[] {
  const { slots, form, batch, m, n, k, a, b, store } = kernel;
  return [
    printSlots(slots),
    `${form}: batch ${printAxes(batch)}, m ${printAxes(m)}, n ${printAxes([n])}, k ${printAxes(k)}`,
    `a at ${printIndex(a.offset, slots)}, b ${printOperandB(b, slots)}`,
    `${slotName(slots, 0)}[${printIndex(store.offset, slots)}] = ${printExpr(kernel.epilogue, slots)}`,
  ];
}

function printOperandB(b: ContractionKernel['b'], slots: readonly Slot[]): string {
  switch (b.kind) {
    case 'packed':
      return `packed, ${b.batchStride} per batch`;
    case 'packed8': {
      const { inverseScale, zero } = b.quantizationOfA;
      return `packed8, ${b.batchStride} per batch; a quantised: times ${inverseScale}, plus ${zero}`;
    }
    case 'live8': {
      const { inverseScale, zero } = b.quantizationOfA;
      const scales = `a quantised: times ${inverseScale}, around ${zero}; b: times ${b.inverseScaleOfB}`;
      return `live at ${printIndex(b.offset, slots)}; ${scales}`;
    }
    case 'live':
      return `live at ${printIndex(b.offset, slots)}`;
    default:
      return b satisfies never;
  }
}

const printAxes = (axes: readonly Axis[]): string => `(${axes.map((a) => `${a.name} < ${a.extent.size}`).join(', ')})`;

const slotName = (slots: readonly Slot[], slot: number): string => slots[slot]?.name ?? `slot${slot}`;

function stmtLines(stmt: Stmt, slots: readonly Slot[]): string[] {
  switch (stmt.kind) {
    case 'loop': {
      const head = `for ${stmt.axis.name} < ${stmt.axis.extent.size}`;
      return [head, ...indent(stmt.body.flatMap((s) => stmtLines(s, slots)))];
    }
    case 'reduce': {
      const over = printAxes(stmt.axes);
      return stmt.folds.map(({ name, op, body }) => `${name} = ${op} over ${over} of ${printExpr(body, slots)}`);
    }
    case 'let':
      return [`${stmt.name} = ${printExpr(stmt.value, slots)}`];
    case 'store':
      return [`${slotName(slots, stmt.slot)}[${printIndex(stmt.offset, slots)}] = ${printExpr(stmt.value, slots)}`];
    default:
      return stmt satisfies never;
  }
}

const infix: Partial<Record<BinaryOp, string>> = {
  add: '+',
  sub: '-',
  mul: '*',
  div: '/',
  rem: '%',
  and: '&',
  or: '|',
  xor: '^',
  shl: '<<',
  shr: '>>',
  eq: '==',
  ne: '!=',
  lt: '<',
  le: '<=',
};

/** An expression over slots by name; loads of meanings print as %source. */
export function printExpr(e: Expr, slots: readonly Slot[] = []): string {
  const inner = (x: Expr): string => printExpr(x, slots);
  const index = (i: Index): string => printIndex(i, slots);
  switch (e.kind) {
    case 'const':
      return Object.is(e.value, -0) ? '-0' : `${e.value}`;
    case 'local':
      return e.name;
    case 'index':
      return `index(${index(e.index)})`;
    case 'table':
      return `table(${e.values.length} values)[${index(e.index)}]`;
    case 'load':
      return guarded(`%${e.source}[${e.index.map(index).join(', ')}]`, e.guards, e.fill, slots);
    case 'fetch':
      return guarded(`${slotName(slots, e.slot)}[${index(e.offset)}]`, e.guards, e.fill, slots);
    case 'unary':
      return `${e.op}(${inner(e.x)})`;
    case 'cast':
      return `${e.dtype}(${inner(e.x)})`;
    case 'select':
      return `select(${inner(e.cond)}, ${inner(e.a)}, ${inner(e.b)})`;
    case 'reduce':
      return `${e.op}(${printAxes(e.axes)}: ${inner(e.body)})`;
    case 'binary': {
      const symbol = infix[e.op];
      return symbol ? `(${inner(e.a)} ${symbol} ${inner(e.b)})` : `${e.op}(${inner(e.a)}, ${inner(e.b)})`;
    }
    default:
      return e satisfies never;
  }
}

function guarded(text: string, guards: readonly Guard[], fill: number, slots: readonly Slot[]): string {
  if (guards.length === 0) return text;
  const conditions = guards.map((g) => `0 <= ${printIndex(g.index, slots)} < ${g.extent}`);
  return `(${text} if ${conditions.join(' and ')} else ${fill})`;
}

function printIndex(index: Index, slots: readonly Slot[]): string {
  const terms = index.terms.map(({ factor, atom }) => {
    const text = printAtom(atom, slots);
    return factor === 1 ? text : `${factor}*${text}`;
  });
  if (index.offset !== 0 || terms.length === 0) terms.push(`${index.offset}`);
  return terms.join(' + ');
}

function printAtom(atom: Atom, slots: readonly Slot[]): string {
  switch (atom.kind) {
    case 'axis':
      return atom.name;
    case 'div':
      return `floor((${printIndex(atom.index, slots)}) / ${atom.by})`;
    case 'mod':
      return `((${printIndex(atom.index, slots)}) mod ${atom.by})`;
    case 'value':
      return printExpr(atom.expr, slots);
    default:
      return atom satisfies never;
  }
}
