import { expect, test } from 'vitest';
import { bug, build, ingest, LccError, printDiagnostic } from '../../compiler/diagnostics/index.ts';

test('a message says what, where, with which values, and what to do', () => {
  const text = printDiagnostic({
    code: 'LCC1999',
    what: 'Something is off.',
    where: { file: 'a.onnx', node: 'conv1', op: 'Conv' },
    values: { kernel: '3x3', groups: 2 },
    details: ['first', 'second'],
    remedy: 'Do this.',
  });
  expect(text).toBe(`LCC1999: Something is off.
  at a.onnx, node "conv1" (Conv)
  kernel: 3x3
  groups: 2
  - first
  - second
  Next: Do this.`);
});

test('a user error exits with 2, a bug with 3 and keeps its cause', () => {
  expect(ingest.modelNotFound('a.onnx').exitCode).toBe(2);
  const cause = new Error('why');
  const error = bug('node without type', cause);
  expect(error).toBeInstanceOf(LccError);
  expect([error.exitCode, error.cause]).toEqual([3, cause]);
  expect(error.message).toBe(`LCC9001: internal: node without type
  Next: This is a bug in lcc: report it with the model and this text.`);
});

test('unsupported operators come as one message', () => {
  expect(ingest.unsupportedOps('a.onnx', ['node "x" (Foo)', 'node "y" (Bar)']).message).toBe(
    `LCC1003: 2 nodes use operators lcc does not compile.
  at a.onnx
  - node "x" (Foo)
  - node "y" (Bar)
  Next: Export the model without these operators, or cut it before them.`,
  );
});

test('a taken output folder', () => {
  expect(
    build.outputFolderTaken('out').message,
  ).toBe(`LCC5001: The output folder holds something that is not an lcc bundle.
  at out
  Next: Name an empty folder or an earlier bundle with -o; lcc replaces nothing else.`);
});
