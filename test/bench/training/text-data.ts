import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataBatch } from '../../../compiler/data/batches.ts';
import { inputPorts } from '../../../compiler/data/graph-ports.ts';
import { openData } from '../../../compiler/data/open.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import type { OpenStudyData } from './data.ts';

export interface TokenData {
  readonly kind: 'tokens';
  readonly name: string;
  readonly vocabulary: number;
  /** tokens of a sample */
  readonly length: number;
  /** of a sentence, or of each token: the vocabulary then */
  readonly classes: number;
  open(graph: Graph): Promise<OpenStudyData>;
}

interface Texts {
  /** [sample, length] and the label of a sample or [sample, length] labels of its tokens */
  readonly tokens: Int32Array;
  readonly labels: Int32Array;
}

async function openParts(
  graph: Graph,
  parts: { readonly [Part in keyof OpenStudyData]: Texts },
): Promise<OpenStudyData> {
  const [port] = inputPorts(graph);
  if (!port) throw new Error('the network has no input');
  const read = ({ tokens, labels }: Texts) => {
    const batch: DataBatch = { inputs: { [port.name]: tokens }, labels };
    return openData([batch], [port]);
  };
  return { train: await read(parts.train), validation: await read(parts.validation), test: await read(parts.test) };
}

/** Of a sentence; a few are longer and are cut. */
const sentenceLength = 56;
const [padding, unknown] = [0, 1];

/** SST-2: words that training sentences have, 0 behind a sentence, 1 for words that they have not. */
export function sentences(folder: string): TokenData {
  const read = (part: string): readonly (readonly [string, string])[] =>
    readFileSync(join(folder, `${part}.tsv`), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t') as [string, string]);
  const lines = read('train');
  const words = [...new Set(lines.flatMap(([sentence]) => sentence.split(' ')))].sort();
  const ids = new Map(words.map((word, i) => [word, i + unknown + 1]));
  const encode = (part: readonly (readonly [string, string])[]): Texts => {
    const tokens = new Int32Array(part.length * sentenceLength).fill(padding);
    part.forEach(([sentence], i) => {
      const own = sentence.split(' ').slice(0, sentenceLength);
      tokens.set(
        own.map((word) => ids.get(word) ?? unknown),
        i * sentenceLength,
      );
    });
    return { tokens, labels: Int32Array.from(part, ([, label]) => Number(label)) };
  };
  return {
    kind: 'tokens',
    name: 'sst2',
    vocabulary: words.length + unknown + 1,
    length: sentenceLength,
    classes: 2,
    open: (graph) =>
      openParts(graph, { train: encode(lines), validation: encode(read('dev')), test: encode(read('test')) }),
  };
}

/** Characters that a language model sees at once. */
const contextLength = 64;

/**
 * tiny Shakespeare by characters, each labelled by the next one: the first 90 % to train on, 5 % to decide by, the last
 * 5 % to measure on, cut into pieces of a context, which do not overlap.
 */
export function shakespeare(folder: string): TokenData {
  const text = readFileSync(join(folder, 'input.txt'), 'utf8');
  const characters = [...new Set(text)].sort();
  const ids = new Map(characters.map((character, i) => [character, i]));
  const all = Int32Array.from(text, (character) => ids.get(character) ?? 0);
  const piece = (from: number, to: number): Texts => {
    const [start, end] = [Math.floor(from * all.length), Math.floor(to * all.length)];
    const size = Math.floor((end - start - 1) / contextLength) * contextLength;
    return { tokens: all.slice(start, start + size), labels: all.slice(start + 1, start + 1 + size) };
  };
  return {
    kind: 'tokens',
    name: 'tinyshakespeare',
    vocabulary: characters.length,
    length: contextLength,
    classes: characters.length,
    open: (graph) => openParts(graph, { train: piece(0, 0.9), validation: piece(0.9, 0.95), test: piece(0.95, 1) }),
  };
}
