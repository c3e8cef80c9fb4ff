import { describe, expect, test } from 'vitest';
import { parseCompressionFlags } from '../../compiler/settings/parse-compression-flags.ts';
import { type ModelFlags, parseModelFlags } from '../../compiler/settings/parse-model-flags.ts';

test('flags become options, and what is not given stays out', () => {
  expect(parseModelFlags({})).toEqual({});
  expect(
    parseModelFlags({
      target: 'desktop-webgpu',
      backends: 'wasm,webgpu,wasm',
      dim: ['seq=128', 'batch=2'],
      shape: ['input.1=1,3, 224,224', 'scalar='],
      const: ['k=5', 'a=b=-1.5,2e3'],
    }),
  ).toEqual({
    target: 'desktop-webgpu',
    backends: ['wasm', 'webgpu'],
    dims: { seq: 128, batch: 2 },
    shapes: { 'input.1': [1, 3, 224, 224], scalar: [] },
    constants: { k: [5], 'a=b': [-1.5, 2000] },
  });
});

describe('what is refused', () => {
  test.each<[ModelFlags, string]>([
    [{ backends: 'webgpu,gl' }, 'LCC0003: There is no backend "gl".'],
    [{ dim: ['seq'] }, 'LCC0002: --dim takes name=size.\n  given: seq'],
    [{ dim: ['seq=-1'] }, 'LCC0002: --dim takes name=size.'],
    [{ dim: ['seq='] }, 'LCC0002: --dim takes name=size.'],
    [{ shape: ['=1,2'] }, 'LCC0002: --shape takes input=size,size,...'],
    [{ shape: ['x=1,,2'] }, 'LCC0002: --shape takes input=size,size,...'],
    [{ const: ['k=five'] }, 'LCC0002: --const takes input=number,number,...'],
  ])('%j', (given, message) => expect(() => parseModelFlags(given)).toThrow(message));
});

describe('--finetune', () => {
  const parse = (finetune: string) => parseCompressionFlags({ finetune });

  test('takes epochs and a rate', () => {
    expect(parse('epochs=2')).toEqual({ finetune: { epochs: 2 } });
    expect(parse('rate=1e-3, epochs=1')).toEqual({ finetune: { rate: 0.001, epochs: 1 } });
  });

  test.each(['epochs', 'epochs=0', 'epochs=1.5', 'rate=-1', 'epochs=1,epochs=2', 'steps=3', ''])('not %j', (text) => {
    expect(() => parse(text)).toThrow('LCC0002: --finetune takes epochs=1 or epochs=2,rate=0.001.');
  });
});

describe('--threads', () => {
  const parse = (threads: string) => parseCompressionFlags({ threads }).threads;

  test.each(['0', '1.5', '-2', 'all', ''])('is a whole number, not "%s"', (text) => {
    expect(() => parse(text)).toThrow('LCC0002: --threads takes');
  });

  test('says how many', () => expect(parse('3')).toBe(3));
});
