export * as browser from './browser.ts';
export * as build from './build.ts';
export * from './diagnostic.ts';
export * as ingest from './ingest.ts';
export { bug } from './internal.ts';
