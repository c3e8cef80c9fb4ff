import { Command } from 'commander';
import { targets } from '../../targets/index.ts';
import { profiles } from '../../targets/profiles/index.ts';
import { printTable } from '../describe/table.ts';
import { printCount } from '../quantity/count.ts';
import type { MakeCommand } from './run.ts';

const notes = `
Times that nobody measured are estimated by the rates of a device profile; each target has one. Estimated
profiles are scaled from a measured one by published figures: --json tells how. lcc calibrate measures one.`;

export const targetsCommand: MakeCommand = (io, finish) =>
  new Command('targets')
    .description('List what lcc can build for, and the device profiles that times are estimated by.')
    .option('--json', 'print JSON')
    .addHelpText('after', notes)
    .action(({ json }: { json?: true }) => {
      if (json) {
        const named = Object.values(targets).map((target) => ({ ...target, profile: target.profile.name }));
        const all = { targets: named, profiles: Object.values(profiles) };
        io.stdout(`${JSON.stringify(all, undefined, 2)}\n`);
      } else io.stdout(`${printTargets()}\n${printProfiles()}`);
      finish(0);
    });

const printTargets = (): string =>
  printTable([
    ['target', 'backends', 'profile', ''],
    ...Object.values(targets).map(({ name, backends, profile, description }) => [
      name,
      backends.join(', '),
      profile.name,
      description,
    ]),
  ]);

const printProfiles = (): string =>
  printTable([
    ['profile', 'rates', 'float32 a second', ''],
    ...Object.values(profiles).map(({ name, origin, wasm, description }) => [
      name,
      origin.kind,
      `${printCount(wasm.float)} multiply-adds`,
      description,
    ]),
  ]);
