import { cellInvalid, columnUnknown, dataNotReadable } from '../../diagnostics/data.ts';
import { portSize } from '../fit-port.ts';
import { readLabelFile } from '../label-file.ts';
import { decodeText, reasonOf } from '../read-source.ts';
import { features, type RawLabels, type Samples } from '../samples.ts';
import { textSamples } from '../text-samples.ts';
import { type Format, hasEnding, onlyPort, type ReadRequest } from './format.ts';

/** A table: one sample a row, a label column; numbers, or with a tokenizer one column of text. */
export const csv: Format = {
  name: 'a table (.csv, .tsv, .data, .tra, .tes): one sample a row, the label in the last column or labelColumn=',
  matches: (candidate) => hasEnding(candidate, '.csv', '.tsv', '.data', '.tra', '.tes'),
  read: async (request) => {
    const { options } = request;
    const rows = await parseTable(request);
    const table = columnsOf(rows, request);
    const records = table.hasHeader ? rows.slice(1) : rows;
    const labels = tableLabels(records, table, request);
    if (options.tokenizer === undefined) return numberSamples(records, table, labels, request);
    const column = table.features[0] ?? 0;
    return textSamples(
      request,
      records.map((row) => row[column] ?? ''),
      labels,
    );
  },
};

/** Where things stand in a row. */
interface Table {
  readonly names: readonly string[];
  readonly hasHeader: boolean;
  readonly label: number | undefined;
  readonly features: readonly number[];
}

async function parseTable({ file, bytes, options }: ReadRequest): Promise<string[][]> {
  const { parse } = await import('csv-parse/sync');
  const text = decodeText(bytes, options.encoding, file);
  const delimiter = options.delimiter ?? guessDelimiter(text);
  try {
    // Tab-separated text is by custom not quoted.
    return parse(text, {
      delimiter,
      bom: true,
      trim: delimiter !== '\t',
      quote: delimiter === '\t' ? null : '"',
      skip_empty_lines: true,
    });
  } catch (error) {
    throw dataNotReadable(file, reasonOf(error));
  }
}

function guessDelimiter(text: string): string {
  const line = text.slice(0, Math.max(0, text.indexOf('\n')) || undefined);
  const counts = [',', ';', '\t'].map((mark) => ({ mark, count: line.split(mark).length }));
  return counts.reduce((most, next) => (next.count > most.count ? next : most)).mark;
}

const isNumber = (cell: string | undefined): boolean =>
  cell !== undefined && cell.trim() !== '' && !Number.isNaN(Number(cell));

function columnsOf(rows: readonly string[][], request: ReadRequest): Table {
  const { file, options } = request;
  const first = rows[0] ?? [];
  const positions = first.map((_, i) => i);
  const find = (given: string | number): number => {
    const named = options.header === false ? -1 : first.indexOf(String(given));
    const found = named >= 0 ? named : /^-?\d+$/.test(String(given)) ? positions.at(Number(given)) : undefined;
    if (found === undefined) throw columnUnknown(file, String(given), first);
    return found;
  };
  const ignored = new Set(options.ignore.map(find));
  const kept = positions.filter((i) => !ignored.has(i));
  const label = options.labels !== undefined ? undefined : labelColumn(kept, find, request);
  const features = kept.filter((i) => i !== label);
  const hasHeader = options.header ?? looksLikeHeader(rows, options.tokenizer === undefined ? features : [], label);
  return { names: positions.map((i) => (hasHeader ? (first[i] ?? '') : String(i))), hasHeader, label, features };
}

/** The last column, unless all of them together are what the input takes. */
function labelColumn(kept: readonly number[], find: (given: string | number) => number, request: ReadRequest) {
  const { labelColumn: given, tokenizer } = request.options;
  if (given === 'none') return undefined;
  if (given !== undefined) return find(given);
  const isAllFeatures = tokenizer === undefined && portSize(onlyPort(request, 'a table')) === kept.length;
  return isAllFeatures || kept.length < 2 ? undefined : kept.at(-1);
}

/** Names stand above numbers: above every feature, or above labels that are numbers further down. */
function looksLikeHeader(rows: readonly string[][], features: readonly number[], label: number | undefined): boolean {
  const [first = [], second] = rows;
  const isNamed = (i: number) =>
    !isNumber(first[i]) && first[i] !== '' && (second === undefined || isNumber(second[i]));
  if (features.length === 0) return label !== undefined && isNamed(label);
  return features.some(isNamed) && !features.some((i) => isNumber(first[i]));
}

function tableLabels(
  records: readonly string[][],
  { label }: Table,
  { file, options }: ReadRequest,
): RawLabels | undefined {
  const { labels: given } = options;
  if (given !== undefined && given !== 'next') return readLabelFile(file, given, records.length);
  if (label === undefined) return undefined;
  return { values: records.map((row) => row[label] ?? ''), width: 1, storedAs: 'unknown' };
}

function numberSamples(
  records: readonly string[][],
  table: Table,
  labels: RawLabels | undefined,
  request: ReadRequest,
): Samples {
  const { file } = request;
  const port = onlyPort(request, 'a table');
  const numberAt = (row: number, column: number): number => {
    const cell = records[row]?.[column] ?? '';
    if (!isNumber(cell)) throw cellInvalid(file, row + (table.hasHeader ? 2 : 1), table.names[column] ?? '', cell);
    return Number(cell);
  };
  return {
    file,
    size: records.length,
    labels,
    isAlwaysValid: false,
    sampleOf: (i) => ({ [port.name]: features(table.features.map((column) => numberAt(i, column))) }),
  };
}
