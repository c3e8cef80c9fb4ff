import { resolve } from 'node:path';
import { serve } from '../../compiler/6-budget/browser/index.ts';

/** `node dist/test/harness/serve-sample.js [name]`, from the repository: a sample's page to look at, until it is stopped. */
const { url } = await serve({ folders: { '/': resolve('samples', process.argv[2] ?? 'digits') } });
console.log(`${url}/ (Ctrl+C ends)`);
