/** Where something went wrong, as far as it is known. */
export interface Place {
  readonly file?: string | undefined;
  readonly node?: string | undefined;
  readonly op?: string | undefined;
}

/** One message for the person who must act. */
export interface Diagnostic {
  /** Stable. Thousands say where: 0 command line and environment, 1..6 the phase, 7 data sets, 8 training, 9 a bug in lcc. */
  readonly code: `LCC${number}`;
  /** What happened, one sentence. */
  readonly what: string;
  readonly where?: Place | undefined;
  /** The values that decided it, by name. */
  readonly values?: Readonly<Record<string, string | number>> | undefined;
  /** When one message covers several things: one line each. */
  readonly details?: readonly string[] | undefined;
  /** What to do next, one sentence. */
  readonly remedy: string;
}

/** 2: the input, the options or the machine cannot do it. 3: a bug in lcc, parity failure included. */
export type FailureCode = 2 | 3;

/** What a person can act on: `diagnostic` has a stable code, what happened, where, and what to do next. */
export class LccError extends Error {
  override readonly name = 'LccError';
  readonly diagnostic: Diagnostic;
  readonly exitCode: FailureCode;

  constructor(diagnostic: Diagnostic, exitCode: FailureCode = 2, cause?: unknown) {
    super(printDiagnostic(diagnostic), cause === undefined ? undefined : { cause });
    this.diagnostic = diagnostic;
    this.exitCode = exitCode;
  }
}

/** The text a person reads; its first line alone names the problem. */
export function printDiagnostic(diagnostic: Diagnostic): string {
  const { code, what, where, values, details, remedy } = diagnostic;
  const lines = [`${code}: ${what}`];
  const place = printPlace(where);
  if (place !== '') lines.push(`  at ${place}`);
  for (const [name, value] of Object.entries(values ?? {})) lines.push(`  ${name}: ${value}`);
  for (const detail of details ?? []) lines.push(`  - ${detail}`);
  lines.push(`  Next: ${remedy}`);
  return lines.join('\n');
}

function printPlace(where: Place | undefined): string {
  const { file, node, op } = where ?? {};
  const parts: string[] = [];
  if (file !== undefined) parts.push(file);
  if (node !== undefined) parts.push(`node "${node}"${op === undefined ? '' : ` (${op})`}`);
  else if (op !== undefined) parts.push(`op ${op}`);
  return parts.join(', ');
}
