import { profiles } from '../../targets/profiles/index.ts';
import { encodings, type SizeMeasure, sizeMeasures } from '../ir/download.ts';
import type { Unit } from '../quantity/quantity.ts';
import { defOf, type Measure, measureNames, moments, quantiles } from './measures.ts';

type Schema = { readonly [keyword: string]: unknown };

const quantity = (pattern: string, description: string, example: string, range: Schema = {}): Schema => ({
  description,
  examples: [example],
  anyOf: [
    { type: 'string', pattern: `^\\s*${pattern}\\s*$` },
    { type: 'number', minimum: 0, ...range },
  ],
});

const decimal = '\\d+(\\.\\d+)?\\s*';

const definitions: Readonly<Record<Unit, Schema>> = {
  bytes: quantity(`${decimal}(([kKmMgG][iI]?)?[bB])?`, 'A size: 300 KB (of 1000 bytes), 64 KiB, or bytes.', '300 KB'),
  ms: quantity(`${decimal}(ms|s|us|µs)?`, 'A time: 4 ms, 0.8 s, or milliseconds.', '4 ms'),
  macs: quantity(`${decimal}[kKMG]?`, 'A count: 5 M, or a number.', '5 M'),
  share: quantity(`${decimal}%?`, 'A share: 0.5 %, or a number from 0 to 1.', '0.5 %', { maximum: 1 }),
};

const unitOf = (unit: Unit): Schema => ({ $ref: `#/$defs/${unit}` });

/** Either a quantity, or one by each of the keys. */
const byKey = (form: Schema, keys: readonly string[]): Schema => ({
  anyOf: [form, objectOf(Object.fromEntries(keys.map((key) => [key, form])))],
});

const objectOf = (properties: Readonly<Record<string, Schema>>): Schema => ({
  type: 'object',
  properties,
  additionalProperties: false,
  minProperties: 1,
});

function schemaOf(measure: Measure, form: Schema = unitOf(defOf(measure).unit)): Schema {
  switch (measure) {
    case 'macs':
    case 'accuracy':
    case 'drop':
      return form;
    case 'memory':
      return byKey(form, moments);
    case 'coldStart':
    case 'latency':
      return { $ref: '#/$defs/times' };
    default:
      return byKey(form, encodings);
  }
}

/** Quantiles, backends and profiles one inside the other, in any order. */
const times: Schema = {
  description: 'A time; or times by p50 and p95, by wasm and webgpu, by device profile (a name or a .json file).',
  anyOf: [
    unitOf('ms'),
    {
      type: 'object',
      properties: Object.fromEntries(
        [...quantiles, 'wasm', 'webgpu', ...Object.keys(profiles)].map((key) => [key, { $ref: '#/$defs/times' }]),
      ),
      patternProperties: { '\\.json$': { $ref: '#/$defs/times' } },
      additionalProperties: false,
      minProperties: 1,
    },
  ],
};

const growing: readonly (SizeMeasure | 'memory' | 'macs')[] = [...sizeMeasures, 'memory', 'macs'];

/** A size or count, signed too, or a share of the baseline. */
const growth: Schema = {
  description: 'Allowed on top of the baseline: 2 KB, or 1 %.',
  anyOf: [
    { type: 'number', minimum: 0 },
    { type: 'string', pattern: `^\\s*-?${decimal}(%|[kKmMgG][iI]?[bB]?|[bB])?\\s*$` },
  ],
};

/** The JSON Schema of lcc.budget.json, by which editors complete it; the parser (parse-limits.ts) decides. */
export function makeBudgetSchema(): Schema {
  const limits = {
    ...Object.fromEntries(
      measureNames.map((measure) => [measure, { ...schemaOf(measure), description: describe(measure) }]),
    ),
    growth: {
      description: 'What may come on top of the baseline; of the download after brotli where no measure is named.',
      anyOf: [
        { $ref: '#/$defs/growth' },
        objectOf(Object.fromEntries(growing.map((name) => [name, schemaOf(name, { $ref: '#/$defs/growth' })]))),
      ],
    },
  };
  const budget = { anyOf: [unitOf('bytes'), objectOf(limits)] };
  const bundles = {
    description: 'Limits of single bundles on top of the others, by the name in lcc.json or of the folder.',
    type: 'object',
    additionalProperties: budget,
  };
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'lcc.budget.json',
    description: 'What a bundle of lcc may take; lcc check measures it. A bare size is the download after brotli.',
    anyOf: [unitOf('bytes'), objectOf({ $schema: { type: 'string' }, ...limits, bundles })],
    $defs: { ...definitions, times, growth },
  };
}

function describe(measure: Measure): string {
  const { description, isFloor } = defOf(measure);
  return `${isFloor ? 'At least' : 'At most'}: ${description}.`;
}
