/** What a long measurement is at, and milliseconds that are left, about. */
export type Tell = (line: string, left: number) => void;

/** Tells of pages as they are done, by the time that those before took. */
export function countPages(tell: Tell | undefined, what: string): (done: number, all: number) => void {
  const started = performance.now();
  return (done, all) => {
    tell?.(`${what}: page ${done} of ${all}`, ((performance.now() - started) / done) * (all - done));
  };
}
