/**
 * The shortest end of each path, in whole parts, that no other path ends with.
 * @param paths all different, with slashes
 */
export function tellApart(paths: readonly string[]): string[] {
  return paths.map((path) => {
    const ends = endsOf(path);
    return ends.find((end) => !paths.some((other) => other !== path && `/${other}`.endsWith(`/${end}`))) ?? path;
  });
}

/** `c`, `b/c`, `a/b/c`. */
function endsOf(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return parts.map((_, i) => parts.slice(parts.length - 1 - i).join('/'));
}
