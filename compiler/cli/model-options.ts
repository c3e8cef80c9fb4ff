import type { Command } from 'commander';
import { defaultTarget } from '../settings/parse-model-flags.ts';

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** Adds the flags that `build` and `inspect` share. */
export const withModelFlags = (command: Command): Command =>
  command
    .option('--target <name>', `what to build for, see lcc targets (default: ${defaultTarget})`)
    .option('--backends <list>', 'only these of the target: webgpu,wasm')
    .option('--dim <name=size>', 'size of a named dimension, such as seq=128; may be repeated', collect)
    .option('--shape <input=sizes>', 'whole shape of an input, such as image=1,3,224,224; may be repeated', collect)
    .option('--const <input=values>', 'fix an input at build time, such as k=5; may be repeated', collect);
