export * as browser from './browser.ts';
export * as budget from './budget.ts';
export * as build from './build.ts';
export * as cli from './cli.ts';
export * from './diagnostic.ts';
export * as ingest from './ingest.ts';
export { bug } from './internal.ts';
export * as tensorflow from './tensorflow.ts';
