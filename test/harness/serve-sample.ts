import { serve } from '../../compiler/6-budget/browser/index.ts';
import { sampleFolder } from './sample-folder.ts';

/** `node dist/test/harness/serve-sample.js [name]`, from the repository: a sample's page to look at, until it is stopped. */
const { url } = await serve({ folders: { '/': sampleFolder('index.html', ' with a page') } });
console.log(`${url}/ (Ctrl+C ends)`);
