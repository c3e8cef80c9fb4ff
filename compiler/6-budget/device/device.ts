import type { PageRun } from '../browser/index.ts';

/** Runs a page job and returns what its module's default export returned, as runInPage does. @throws LccError LCC6004 */
export type RunPage = (run: PageRun) => Promise<unknown>;

/** A browser somewhere that runs page jobs, one after the other. */
export interface Device {
  /** such as `Chrome 147 on Android` */
  readonly name: string;
  readonly run: RunPage;
  close(): Promise<void>;
}
