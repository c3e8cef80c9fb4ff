import type { CheckResult } from '../check-result.ts';
import type { Shard } from '../shard.ts';
import { reportGithub } from './github.ts';
import { reportJson } from './json.ts';
import { reportJunit } from './junit.ts';
import { reportMarkdown } from './markdown.ts';
import { reportText } from './text.ts';

/** Every form that results can be told in; `shard` says which part of a check they are. */
export const reporters = {
  text: reportText,
  json: reportJson,
  junit: reportJunit,
  markdown: reportMarkdown,
  github: reportGithub,
} as const satisfies Readonly<Record<string, (results: readonly CheckResult[], shard?: Shard) => string>>;

export type ReporterName = keyof typeof reporters;

export const reporterNames: readonly ReporterName[] = ['text', 'json', 'junit', 'markdown', 'github'];
