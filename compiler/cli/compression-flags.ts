import type { Command } from 'commander';

export const withCompressionFlags = (command: Command): Command =>
  command
    .option('--calibration <data>', 'inputs to measure on; labels are not needed')
    .option('--evaluation <data>', 'inputs with labels: half decide, half are reported on')
    .option('--metric <name>', 'of the evaluation data (default: top-1)')
    .option('--max-drop <amount>', 'loss allowed: of the metric (1% is one point), else of relative error')
    .option('--max-size <size>', 'of the download after brotli, such as 300KB')
    .option('--max-latency <time>', 'of a run, estimated, such as 8ms')
    .option(
      '--device <profile>',
      "that it is estimated for: a name, or a file of lcc calibrate (default: the target's)",
    )
    .option('--max-memory <size>', 'of weights and scratch, such as 16MB')
    .option('--collapse <how>', 'nonlinear layers to linear ones: auto, off, all')
    .option('--rank <how>', 'low rank: auto, off, or the share of variance to keep, such as 0.99')
    .option('--width <how>', 'fewer hidden units and channels: auto, off')
    .option('--blocks <how>', 'fewer residual blocks: auto, off')
    .option('--quantize <how>', 'weights in fewer bits: auto, off, fp16, int8, int4')
    .option('--finetune <how>', 'trains what was lost back on the calibration inputs: epochs=1, rate=0.0003')
    .option('--plan <file>', 'writes the decisions there; a file that is there already is replayed')
    .option('--sweep', 'measures sizes over the whole range and prints what each loses')
    .option('--no-cache', 'measures everything anew; else node_modules/.cache/lcc keeps what was measured')
    .option('--threads <count>', 'that measure (default: one for each core); results are the same');
