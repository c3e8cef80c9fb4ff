/** What a command may touch besides files. */
export interface Io {
  /** results */
  readonly stdout: (text: string) => void;
  /** progress and messages */
  readonly stderr: (text: string) => void;
  /** stderr is a terminal: progress may rewrite its line and use colour */
  readonly isTerminal: boolean;
  /** asks a person and gives the line that was typed; absent where nobody can answer */
  readonly ask?: (question: string) => Promise<string>;
  /** folder that relative paths start from */
  readonly cwd: string;
}

/** 0 done and within budget, 1 over budget, 2 cannot do it, 3 a bug in lcc. */
export type ExitCode = 0 | 1 | 2 | 3;
