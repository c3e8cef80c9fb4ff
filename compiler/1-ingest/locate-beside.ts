import { realpathSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';

/** The path of a file in the model's folder, symbolic links followed; undefined where there is none. */
export function locateBeside(folder: string, location: string): string | 'outside' | undefined {
  const isInside = (from: string, to: string): boolean => {
    const way = relative(from, to);
    return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
  };
  if (isAbsolute(location) || !isInside(folder, join(folder, location))) return 'outside';
  try {
    const path = realpathSync(join(folder, location));
    return isInside(realpathSync(folder), path) ? path : 'outside';
  } catch {
    return undefined;
  }
}
