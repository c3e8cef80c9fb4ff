import { resolve } from 'node:path';
import { serve } from '../../compiler/6-budget/browser/index.ts';

/** `node dist/test/harness/serve-folder.js <folder>`: a static server for looking at a page, until it is stopped. */
const { url } = await serve({ folders: { '/': resolve(process.argv[2] ?? '.') } });
console.log(`${url}/ (Ctrl+C ends)`);
