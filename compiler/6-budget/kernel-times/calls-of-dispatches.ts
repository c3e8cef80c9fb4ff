import { bug } from '../../diagnostics/internal.ts';
import type { Manifest } from '../../ir/report.ts';

/**
 * For each dispatch of one run the position of its call in the manifest. Calls of kernels without code are not dispatched; what a
 * loop repeats is the same dispatch again, and stands once among the calls.
 * @param dispatches equal texts for the same work (dispatch-clock.ts)
 */
export function callsOfDispatches({ calls, kernels }: Manifest, dispatches: readonly string[]): number[] {
  const own = kernels.filter(({ backend }) => backend === 'webgpu');
  const dispatched = calls.flatMap(({ kernel }, call) => ((own[kernel]?.codeBytes ?? 0) > 0 ? [call] : []));
  if (dispatches.length === dispatched.length) return dispatched;
  const different = [...new Set(dispatches)];
  if (different.length !== dispatched.length) {
    const made = `${dispatches.length} dispatches, ${different.length} of them different`;
    throw bug(`the bundle's run makes ${made}, the manifest lists ${dispatched.length} calls with code`);
  }
  const callOf = new Map(different.map((dispatch, i) => [dispatch, dispatched[i] ?? 0]));
  return dispatches.map((dispatch) => callOf.get(dispatch) ?? 0);
}
