import type { CheckResult } from '../check.ts';

/** The check as JSON, sizes in bytes. */
export const reportJson = (result: CheckResult): string => `${JSON.stringify(result, undefined, 2)}\n`;
