import { describe, expect, test } from 'vitest';
import { lower } from '../../compiler/4-lower/lower.ts';
import { countWork } from '../../compiler/ir/count-work.ts';
import type { Program } from '../../compiler/ir/program.ts';
import { graphOf } from '../3-compress/pass-case.ts';

const values = (count: number) => Array.from({ length: count }, (_, i) => (i % 7) - 3);

/** [rows, 16] times [16, columns] */
const product = (rows: number, columns: number, attributes = {}): Program =>
  lower(
    graphOf((g) => {
      const w = g.constant([columns, 16], values(16 * columns));
      return g.add('linear', [g.input([rows, 16]), w], attributes);
    }),
  );

const program = product(8, 12);
const work = countWork(program);

describe('countWork', () => {
  test('counts multiply-adds of contractions, with the lanes that a vector has too many', () => {
    expect(work).toMatchObject({ float: 8 * 12 * 16, integer: 0, dispatches: 1 });
    expect(countWork(product(8, 9)).float).toBe(8 * 12 * 16);
  });

  test('counts integer products apart, and bringing their inputs to integers with all else', () => {
    const integer = countWork(product(8, 12, { inputScale: 0.1, inputZero: 0 }));
    expect(integer).toMatchObject({ float: 0, integer: 8 * 12 * 16 });
    expect(integer.other).toBeGreaterThan(work.other);
  });

  test('counts repeated steps as often as they run', () => {
    const repeated = countWork({ ...program, steps: [{ kind: 'repeat', count: 5, steps: program.steps }] });
    const empty = countWork({ ...program, steps: [] });
    expect(repeated.float).toBe(5 * work.float);
    expect(repeated.dispatches).toBe(5);
    expect(repeated.other - empty.other).toBeCloseTo(5 * (work.other - empty.other));
  });

  test('bytes are those of the whole memory, each once', () => {
    expect(work.bytes).toBe(program.constants.size + program.arenaBytes);
  });

  test('hard functions cost more than simple ones', () => {
    const of = (op: 'tanh' | 'relu') => countWork(lower(graphOf((g) => g.add(op, [g.input([64, 64])])))).other;
    expect(of('tanh')).toBeGreaterThan(2 * of('relu'));
  });
});
