import { dataInputMissing, dataNotReadable, labelInvalid } from '../../diagnostics/data.ts';
import { printNumberOf } from '../../quantity/count.ts';
import { readLabelFile } from '../label-file.ts';
import { flattenNumbers } from '../nested-numbers.ts';
import { channelsOf } from '../port-channels.ts';
import { decodeText, reasonOf } from '../read-source.ts';
import type { RawLabels, Sample } from '../samples.ts';
import { textSamples } from '../text-samples.ts';
import { type Format, hasEnding, type ReadRequest } from './format.ts';

type Line = Readonly<Record<string, unknown>>;

/** One JSON object a line: inputs by name (nested lists), or `text`; and `label`. */
export const jsonLines: Format = {
  name: 'JSON lines (.jsonl, .ndjson): {"<input>": [..], "label": n}, or {"text": "..", "label": n} with tokenizer=',
  matches: (candidate) => hasEnding(candidate, '.jsonl', '.ndjson'),
  read: (request) => {
    const { file, bytes, ports, options } = request;
    const lines = parseLines(decodeText(bytes, options.encoding, file), file);
    const labels = lineLabels(lines, request);
    const isText =
      lines.length > 0 &&
      lines.every((line) => typeof line.text === 'string' && !ports.some(({ name }) => name in line));
    if (isText)
      return textSamples(
        request,
        lines.map(({ text }) => String(text)),
        labels,
      );
    return {
      file,
      size: lines.length,
      labels,
      isAlwaysValid: false,
      sampleOf: (i) => valuesOf(lines[i] ?? {}, i, request),
    };
  },
};

function parseLines(text: string, file: string): Line[] {
  return text.split(/\r?\n/).flatMap((line, at) => {
    if (line.trim() === '') return [];
    try {
      const value: unknown = JSON.parse(line);
      if (isLine(value)) return [value];
    } catch (error) {
      throw dataNotReadable(file, `line ${at + 1}: ${reasonOf(error)}`);
    }
    throw dataNotReadable(file, `line ${at + 1} is not an object`);
  });
}

const isLine = (value: unknown): value is Line => typeof value === 'object' && value !== null && !Array.isArray(value);

function valuesOf(line: Line, i: number, { file, ports, options }: ReadRequest): Readonly<Record<string, Sample>> {
  return Object.fromEntries(
    ports.map((port) => {
      if (!(port.name in line)) throw dataInputMissing(`${file}, sample ${i}`, port.name, Object.keys(line));
      const values = flattenNumbers(line[port.name]);
      if (values === undefined)
        throw dataNotReadable(`${file}, sample ${i}`, `"${port.name}" is not a list of numbers`);
      return [port.name, { values, channels: channelsOf(port, options.preprocess) }];
    }),
  );
}

/** All lines have a label, or none has. */
function lineLabels(lines: readonly Line[], { file, options }: ReadRequest): RawLabels | undefined {
  if (options.labels === 'next') return undefined;
  if (options.labels !== undefined) return readLabelFile(file, options.labels, lines.length);
  if (!lines.some((line) => 'label' in line)) return undefined;
  const rows = lines.map(({ label }, i) => {
    if (typeof label === 'string') return [label];
    const numbers = flattenNumbers(label);
    if (numbers === undefined || numbers.length === 0)
      throw labelInvalid(file, i, JSON.stringify(label) ?? 'nothing', 'a number, a name or a list of numbers');
    return numbers;
  });
  const width = rows[0]?.length ?? 1;
  const odd = rows.findIndex((row) => row.length !== width);
  if (odd >= 0)
    throw labelInvalid(file, odd, JSON.stringify(rows[odd]), `${printNumberOf(width, 'value')}, as the first`);
  const values = rows.flat();
  const numbers = values.filter((value) => typeof value === 'number');
  return { values: numbers.length === values.length ? numbers : values.map(String), width, storedAs: 'unknown' };
}
