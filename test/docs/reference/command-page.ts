import { makeProgram } from '../../../compiler/cli/run.ts';

/** The help of each command. */
export async function printCommandPage(): Promise<string> {
  const help: string[] = [];
  const io = { stdout: (text: string) => help.push(text), stderr: () => {}, isTerminal: false, cwd: '.' };
  const program = makeProgram(io, () => {});
  const printed = [program, ...program.commands].map((command) => {
    help.length = 0;
    command.outputHelp();
    const name = command === program ? 'lcc' : `lcc ${command.name()}`;
    return `## ${name}\n\n\`\`\`text\n${help.join('').trim()}\n\`\`\`\n`;
  });
  return `# Command line\n\nWhat \`lcc <command> --help\` prints.\n\n${printed.join('\n')}`;
}
