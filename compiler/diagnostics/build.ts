import { LccError } from './diagnostic.ts';

/* LCC4xxx: lowering. LCC5xxx: emitting the bundle and its parity. */

export const outputFolderTaken = (folder: string) =>
  new LccError({
    code: 'LCC5001',
    what: 'The output folder holds something that is not an lcc bundle.',
    where: { file: folder },
    remedy: 'Name an empty folder or an earlier bundle with -o; lcc replaces nothing else.',
  });
