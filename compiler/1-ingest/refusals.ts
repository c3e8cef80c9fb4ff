/** A use of an operator that lcc does not compile; ingest goes on and reports all of them. */
export class Unsupported extends Error {}

/** A value that decides shapes or structure, but is not known at build time. `use` says what it decides. */
export class UnknownAtBuild extends Error {
  constructor(use: string, valueName: string, inputs: readonly string[]) {
    const origin = inputs.filter((name) => name !== valueName).map((name) => `"${name}"`);
    const way = origin.length === 0 ? '' : `, which depends on ${origin.join(', ')}`;
    super(`${use} comes from "${valueName}"${way}`);
  }
}
