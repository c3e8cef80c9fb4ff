import { createColors } from 'picocolors';
import { describeStage, printTime } from '../describe/describe-stage.ts';
import { type Stage, type StageEvent, stages } from '../ir/bundle.ts';
import { printWait } from '../quantity/duration.ts';
import type { Io } from './io.ts';

export interface Progress {
  /** Announces the first stage, on a terminal. */
  start(): void;
  stage(event: StageEvent): void;
  /** What the stage at work is at: replaces its announcement on a terminal, which is told the milliseconds left as well. */
  line(text: string, left?: number): void;
  /** Takes an announcement back; nothing comes after. */
  stop(): void;
}

export interface ProgressLine {
  /** What long work is at, in place of what was told before; only a terminal is told, the milliseconds left as well. */
  rewrite(text: string, left?: number): void;
  /** Takes the line back. */
  stop(): void;
}

/** One line on stderr that a terminal sees change. */
export function makeProgressLine(io: Io): ProgressLine {
  const { dim } = createColors(io.isTerminal);
  return {
    rewrite: (text, left) => {
      const rest = left === undefined || left < 1000 ? '' : `, about ${printWait(left)} left`;
      if (io.isTerminal) io.stderr(`${clearLine}  ${dim(`${text}${rest}`)}`);
    },
    stop: () => {
      if (io.isTerminal) io.stderr(clearLine);
    },
  };
}

const clearLine = '\r\u001b[2K';

/** One line per finished stage on stderr; on a terminal the stage at work is named until its line replaces it. */
export function makeProgress(io: Io, last: Stage): Progress {
  const colors = createColors(io.isTerminal);
  const line = makeProgressLine(io);
  const clear = io.isTerminal ? clearLine : '';
  const announce = (stage: Stage | undefined) => {
    if (io.isTerminal && stage !== undefined) io.stderr(colors.dim(`  ${stage} ...`));
  };
  return {
    start: () => announce(stages[0]),
    stage: (event) => {
      const [summary, ...more] = describeStage(event);
      const time = printTime(event.ms).padStart(9);
      io.stderr(`${clear}  ${colors.bold(event.stage.padEnd(8))}${time}  ${summary}\n`);
      for (const line of more) io.stderr(`  ${' '.repeat(17)}  ${colors.dim(line)}\n`);
      if (event.stage !== last) announce(stages[stages.indexOf(event.stage) + 1]);
    },
    line: (text, left) => {
      if (io.isTerminal) line.rewrite(text, left);
      else io.stderr(`  ${text}\n`);
    },
    stop: line.stop,
  };
}
