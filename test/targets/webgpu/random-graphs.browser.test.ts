import { beforeAll, expect, it } from 'vitest';
import { optimise } from '../../../compiler/3-compress/pipeline.ts';
import { lower } from '../../../compiler/4-lower/lower.ts';
import { evaluateGraph } from '../../../compiler/ir/evaluate.ts';
import { printGraph } from '../../../compiler/ir/print.ts';
import { randomGraph } from '../../4-lower/random-graph.ts';
import { disagreements, numbers, tolerances } from '../../harness/agreement.ts';
import { describeInBrowser } from '../../harness/browser.ts';
import { arenaElements } from '../../harness/op-program.ts';
import { type GpuResult, runOnGpu } from './run-on-gpu.ts';

const seeds = Array.from(
  { length: Number(process.env.LCC_FUZZ ?? 40) },
  (_, i) => i + Number(process.env.LCC_FUZZ_FROM ?? 1),
);

describeInBrowser('random graphs on WebGPU', (browser) => {
  const graphs = seeds.map((seed) => randomGraph(seed, 4 + (seed % 23)));
  let results: GpuResult[] = [];
  beforeAll(async () => {
    const tasks = graphs.map(({ graph, feeds }) => ({
      program: lower(optimise(graph).graph),
      feeds: Object.fromEntries(Object.entries(feeds).map(([name, t]) => [name, arenaElements(t)])),
    }));
    results = await runOnGpu(browser(), tasks);
  });

  seeds.forEach((seed, i) => {
    it(`random graph ${seed}`, () => {
      const result = results[i]!;
      if ('error' in result) throw new Error(result.error);
      const { graph, feeds } = graphs[i]!;
      const byName = new Map(Object.entries(feeds));
      const exact = numbers(evaluateGraph(graph, byName, 'float64'));
      // WGSL divides to 2.5 ulp: what cancels leaves more behind than float32 elsewhere.
      const allowed = [...tolerances(graph, byName, exact)].map(
        ([name, by]) => [name, Math.max(4 * by, 1e-5)] as const,
      );
      const wrong = disagreements(result.outputs, exact, new Map(allowed));
      expect(wrong, printGraph(graph)).toEqual([]);
    });
  });
});
