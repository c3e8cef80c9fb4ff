import { cifar } from './cifar.ts';
import { csv } from './csv.ts';
import type { Format } from './format.ts';
import { idx } from './idx.ts';
import { imageFolder } from './image-folder.ts';
import { jsonLines } from './json-lines.ts';
import { dataModule } from './module.ts';
import { npy, npz } from './npy.ts';
import { wav } from './wav.ts';

/** The first that matches reads: what the name says before what the bytes say. */
export const formats: readonly Format[] = [dataModule, jsonLines, csv, npz, npy, cifar, imageFolder, wav, idx];
