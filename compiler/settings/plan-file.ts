import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { writeWhole } from '../data/write-whole.ts';
import { planInvalid, planNotWritten } from '../diagnostics/compress.ts';
import type { PlannedAction } from '../ir/report.ts';

/** The decisions of a plan file, or those given; undefined where the file is still to be written. @throws LccError LCC3004 */
export async function readPlan(
  plan: string | readonly PlannedAction[] | undefined,
): Promise<readonly PlannedAction[] | undefined> {
  if (typeof plan !== 'string') return plan;
  if (!existsSync(plan)) return undefined;
  const content: unknown = await readFile(plan, 'utf8')
    .then((text) => JSON.parse(text))
    .catch((error: unknown) => {
      throw planInvalid(plan, error instanceof Error ? error.message : String(error));
    });
  const decisions =
    typeof content === 'object' && content !== null && 'decisions' in content ? content.decisions : undefined;
  if (!Array.isArray(decisions)) throw planInvalid(plan, 'it has no list "decisions"');
  return decisions.map((decision: unknown, i) => {
    if (!isPlannedAction(decision)) throw planInvalid(plan, `decision ${i} lacks pass, place or level`);
    return decision;
  });
}

function isPlannedAction(value: unknown): value is PlannedAction {
  if (typeof value !== 'object' || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  return ['pass', 'place', 'level'].every((name) => typeof fields.get(name) === 'string');
}

/** Whole or not at all. @throws LccError LCC3005 */
export function writePlan(file: string, decisions: readonly PlannedAction[]): void {
  const kept = decisions.map(({ pass, place, level }) => ({ pass, place, level }));
  const lines = kept.map((decision) => `    ${JSON.stringify(decision)}`).join(',\n');
  try {
    writeWhole(file, `{\n  "decisions": [\n${lines}\n  ]\n}\n`);
  } catch (error) {
    throw planNotWritten(file, error instanceof Error ? error.message : String(error));
  }
}
