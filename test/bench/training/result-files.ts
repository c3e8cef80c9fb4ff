import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Figures, Results, Study } from './study.ts';

/** One run of one arm, as it is kept. */
export interface ResultFile {
  readonly study: string;
  readonly arm: string;
  readonly data: string;
  readonly seed: number;
  readonly machine: string;
  readonly seconds: number;
  readonly figures: Figures;
}

/** From the repository's root; committed. */
const folder = join('test', 'bench', 'training', 'results');

const slug = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]+/g, '-');

export const resultFile = (study: string, arm: string, data: string, seed: number): string =>
  join(folder, study, `${slug(arm)}.${data}.${seed}.json`);

export const readResult = (file: string): ResultFile | undefined =>
  existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;

/** Whole or not at all. */
export function writeResult(file: string, result: ResultFile): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.part`, `${JSON.stringify(result, null, 2)}\n`);
  renameSync(`${file}.part`, file);
}

/** What there is so far of a study on one data set. */
export function resultsOf({ name, arms }: Study, data: string, seeds: readonly number[]): Results {
  const figuresOf = (arm: string): Figures[] =>
    seeds
      .map((seed) => readResult(resultFile(name, arm, data, seed))?.figures)
      .filter((figures) => figures !== undefined);
  return new Map(arms.map((arm) => [arm.name, figuresOf(arm.name)]));
}
