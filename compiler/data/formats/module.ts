import { moduleInvalid } from '../../diagnostics/data.ts';
import { readBatches } from '../batches.ts';
import { reasonOf } from '../read-source.ts';
import { importDefault, isModuleName } from '../user-module.ts';
import type { Format } from './format.ts';

/** A module whose default export yields batches. */
export const dataModule: Format = {
  name: 'a module (.ts, .js, .mjs) whose default export yields { inputs: { name: values }, labels }',
  matches: ({ isFolder, names }) => !isFolder && names.some(isModuleName),
  read: async ({ file, ports, options }) => {
    const module = await importDefault(file).catch((error: unknown) => {
      throw moduleInvalid(file, reasonOf(error));
    });
    return readBatches(module, file, ports, options);
  },
};
