import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { chooseBackend } from '../../../compiler/2-train/engine/choose-backend.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { sharedFolder } from '../../harness/shared.ts';
import { studyData } from './data.ts';
import { readResult, resultFile, writeResult } from './result-files.ts';
import { studies } from './studies/index.ts';
import type { Arm, ArmContext, Study } from './study.ts';

/** Networks that arms begin with, kept on this machine, not committed; as they are, since ONNX unties a head from its table. */
const kept = join('.lcc', 'study');

const { values, positionals } = parseArgs({ allowPositionals: true, options: { minutes: { type: 'string' } } });
const deadline = performance.now() + 60_000 * Number(values.minutes ?? Number.POSITIVE_INFINITY);
const unknown = positionals.filter((name) => studies.every((study) => study.name !== name));
if (unknown.length > 0)
  throw new Error(`There is no study ${unknown.join(', ')}; there are ${studies.map(({ name }) => name).join(', ')}.`);
const shared = sharedFolder();
if (shared === undefined) throw new Error('Name the folder of data sets in LCC_SHARED.');

const { name: backend, reason } = await chooseBackend();
console.log(`${backend}: ${reason}`);
const machine = `${cpus().length} cores, ${process.arch}, Node ${process.versions.node}, ${backend}`;
for (const study of studies) {
  if (positionals.length > 0 && !positionals.includes(study.name)) continue;
  for (const { data, seeds } of study.runs) for (const seed of seeds) await runMissing(study, data, seed, shared);
}

/** Every arm that has no result yet, as long as there is time. */
async function runMissing(study: Study, name: string, seed: number, folder: string): Promise<void> {
  const data = studyData(folder).find((one) => one.name === name);
  if (!data) throw new Error(`There is no data set ${name}.`);
  const networkFile = (arm: string): string => join(kept, `${study.name}.${arm}.${name}.${seed}.graph`);
  const context = (arm: string): ArmContext => ({
    seed,
    data,
    tell: (line) => console.log(`    ${line}`),
    networkOf: async (other) => {
      const file = networkFile(other);
      if (!existsSync(file)) await run(armOf(other));
      console.log(`  ${arm} begins with ${other}`);
      return deserialize(readFileSync(file));
    },
  });
  const armOf = (arm: string): Arm => {
    const found = study.arms.find((one) => one.name === arm);
    if (!found) throw new Error(`The study ${study.name} has no arm ${arm}.`);
    return found;
  };
  const run = async (arm: Arm): Promise<void> => {
    console.log(`${study.name}, ${name}, seed ${seed}: ${arm.name}`);
    const start = performance.now();
    const { figures, network } = await arm.run(context(arm.name));
    const seconds = Math.round((performance.now() - start) / 1000);
    if (network) writeNetwork(networkFile(arm.name), network);
    writeResult(resultFile(study.name, arm.name, name, seed), {
      ...{ study: study.name, arm: arm.name, data: name, seed, machine, seconds, figures },
    });
    console.log(`    ${JSON.stringify(figures)}, ${seconds} s`);
  };
  for (const arm of study.arms) {
    if (readResult(resultFile(study.name, arm.name, name, seed))) continue;
    if (performance.now() > deadline)
      return console.log(`no time left for ${study.name}, ${name}, seed ${seed}: ${arm.name}`);
    await run(arm);
  }
}

function writeNetwork(file: string, network: Graph): void {
  mkdirSync(kept, { recursive: true });
  writeFileSync(`${file}.part`, serialize(network));
  renameSync(`${file}.part`, file);
}
