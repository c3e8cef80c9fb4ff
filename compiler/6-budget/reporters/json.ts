import type { CheckResult } from '../check-result.ts';

/** One result as it is, several as a list (check.schema.json). */
export const reportJson = (results: readonly CheckResult[]): string =>
  `${JSON.stringify(results.length === 1 ? results[0] : { results }, undefined, 2)}\n`;
