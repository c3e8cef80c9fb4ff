import { fileURLToPath } from 'node:url';

const isSource = import.meta.url.endsWith('.ts');

/** Path of a module of the runtime: its TypeScript when lcc runs from source, else what tsc made of it. */
export const runtimeCode = (name: string): string => locate(`${name}${isSource ? '.ts' : '.js'}`);

/** Path of the file that declares the types of a module of the runtime. */
export const runtimeTypes = (name: string): string => locate(`${name}${isSource ? '.ts' : '.d.ts'}`);

const locate = (file: string): string => fileURLToPath(new URL(`../../runtime/${file}`, import.meta.url));
