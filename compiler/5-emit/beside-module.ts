import { quote } from './print-literal.ts';

/** How the entry module says where a file beside it is; bundlers' plugins put another place there. */
export const besideModule = (file: string): string => `new URL(${quote(`./${file}`)}, import.meta.url)`;
