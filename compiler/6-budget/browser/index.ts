export { type FoundBrowser, findBrowser } from './find.ts';
export { type LaunchOptions, launchBrowser } from './launch.ts';
export { type PageRun, runInPage } from './run-in-page.ts';
export { answerFrom, type Site, type StaticServer, serve } from './serve.ts';
