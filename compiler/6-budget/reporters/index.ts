import type { CheckResult } from '../check.ts';
import { reportJson } from './json.ts';
import { reportText } from './text.ts';

/** Every form a check can be told in. */
export const reporters = { text: reportText, json: reportJson } as const satisfies Readonly<
  Record<string, (result: CheckResult) => string>
>;

export type ReporterName = keyof typeof reporters;
export const reporterNames: readonly ReporterName[] = ['text', 'json'];
