import type { CheckResult } from '../check-result.ts';
import { reportGithub } from './github.ts';
import { reportJson } from './json.ts';
import { reportJunit } from './junit.ts';
import { reportMarkdown } from './markdown.ts';
import { reportText } from './text.ts';

/** Every form that results can be told in. */
export const reporters = {
  text: reportText,
  json: reportJson,
  junit: reportJunit,
  markdown: reportMarkdown,
  github: reportGithub,
} as const satisfies Readonly<Record<string, (results: readonly CheckResult[]) => string>>;

export type ReporterName = keyof typeof reporters;

export const reporterNames: readonly ReporterName[] = ['text', 'json', 'junit', 'markdown', 'github'];
