/** Writes the words that SST-2's training sentences have twice or more: `jiti make-vocabulary.ts <folder of train.tsv>`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const fewest = 2;

const [folder = '.'] = process.argv.slice(2);
const counts = new Map<string, number>();
for (const line of readFileSync(join(folder, 'train.tsv'), 'utf8').split('\n')) {
  const [sentence = ''] = line.split('\t');
  for (const word of sentence.split(' ').filter((part) => part !== '')) counts.set(word, (counts.get(word) ?? 0) + 1);
}
const words = [...counts].filter(([, count]) => count >= fewest).map(([word]) => word);
// Sorted words compress better.
const tokens = ['<pad>', '<unk>', ...words.sort()];
writeFileSync(fileURLToPath(new URL('vocabulary.txt', import.meta.url)), `${tokens.join('\n')}\n`);
