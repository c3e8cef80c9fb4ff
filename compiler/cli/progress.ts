import { createColors } from 'picocolors';
import { describeStage, printTime } from '../describe-stage.ts';
import { type Stage, type StageEvent, stages } from '../ir/bundle.ts';
import { printDuration } from '../print-duration.ts';
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

/** One line per finished stage on stderr; on a terminal the stage at work is named until its line replaces it. */
export function makeProgress(io: Io, last: Stage): Progress {
  const colors = createColors(io.isTerminal);
  const clear = io.isTerminal ? '\r\u001b[2K' : '';
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
      const rest = left === undefined || left < 1000 ? '' : `, about ${printDuration(left)} left`;
      io.stderr(io.isTerminal ? `${clear}  ${colors.dim(`${text}${rest}`)}` : `  ${text}\n`);
    },
    stop: () => io.stderr(clear),
  };
}
