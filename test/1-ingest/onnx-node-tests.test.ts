import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  onnxNodeTestFolder,
  onnxNodeTestNames,
  readOnnxNodeTest,
  runOnnxNodeTest,
} from '../harness/onnx-node-tests.ts';

/**
 * ONNX's own operator tests, ingested and evaluated. The list of those that pass only grows:
 * LCC_UPDATE_PASSING=1 adds the ones that newly pass.
 */
const listFile = new URL('onnx-node-tests.passing.txt', import.meta.url);
const passing = readFileSync(listFile, 'utf8').split('\n').filter(Boolean);
const folder = onnxNodeTestFolder();

const differencesOf = (name: string): string[] => {
  if (folder === undefined) return [];
  return runOnnxNodeTest(readOnnxNodeTest(folder, name));
};

describe('ONNX node tests', () => {
  it('the list has no test twice', () => {
    expect(new Set(passing).size).toBe(passing.length);
    expect([...passing].sort()).toEqual(passing);
  });

  it.skipIf(folder === undefined).each(passing)('%s', (name) => {
    expect(differencesOf(name)).toEqual([]);
  });

  if (folder !== undefined && process.env.LCC_UPDATE_PASSING === '1') {
    it('adds what newly passes', () => {
      const names = new Set(passing);
      for (const name of onnxNodeTestNames(folder)) if (isPassing(name)) names.add(name);
      writeFileSync(
        listFile,
        [...names]
          .sort()
          .map((name) => `${name}\n`)
          .join(''),
      );
    });
  }
});

/** Not supported, or wrong, is not passing. */
function isPassing(name: string): boolean {
  try {
    return differencesOf(name).length === 0;
  } catch {
    return false;
  }
}
