import { placeProfile } from '../../targets/profiles/index.ts';
import type { Limit } from './parse-budget.ts';

/**
 * Limits and devices with one name for each profile: of the paths of one file the first that a limit has.
 * @param folder that paths start from
 */
export function unifyProfiles(
  limits: readonly Limit[],
  devices: readonly string[] | undefined,
  folder: string,
): { readonly limits: readonly Limit[]; readonly devices: readonly string[] | undefined } {
  const names = new Map<string, string>();
  const unify = (name: string): string => {
    const place = placeProfile(name, folder);
    const known = names.get(place) ?? name;
    names.set(place, known);
    return known;
  };
  return {
    limits: limits.map((limit) =>
      'profile' in limit && limit.profile !== undefined ? { ...limit, profile: unify(limit.profile) } : limit,
    ),
    devices: devices && [...new Set(devices.map(unify))],
  };
}
