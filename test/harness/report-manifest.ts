import { exportOnnx } from '../../compiler/1-ingest/onnx/export.ts';
import { compile } from '../../compiler/compile.ts';
import type { Bundle, CompileOptions } from '../../compiler/ir/bundle.ts';
import type { Manifest } from '../../compiler/ir/report.ts';
import { smallImages, smallNetwork } from './small-network.ts';

/** The small network as a bundle. */
export const buildSmall = (options: Partial<CompileOptions> = {}): Promise<Bundle> =>
  compile(exportOnnx(smallNetwork()), { target: 'mobile-webgpu', ...options });

/** The same, made smaller, with labels to decide by: class 0 for some images and 1 for others. */
export const buildSmaller = (options: Partial<CompileOptions> = {}): Promise<Bundle> => {
  const images = smallImages(400);
  const [calibration, samples] = [images.slice(0, 200), images.slice(200)];
  const labels = samples.map((_, i) => i % 2);
  return buildSmall({ calibration, evaluation: { samples, labels }, maxSize: '8KB', ...options });
};

export async function manifestOf(bundle: Bundle): Promise<Manifest> {
  const files = await bundle.files();
  return JSON.parse(new TextDecoder().decode(files.get('lcc.json')));
}

export async function reportOf(bundle: Bundle): Promise<string> {
  const files = await bundle.files();
  return new TextDecoder().decode(files.get('report.html'));
}

/** Rows of text of the tables of a page, by caption, read from what 5-emit/report/table.ts prints. */
export function readTables(page: string): Map<string, string[][]> {
  const tables = [...page.matchAll(/<table><caption>([^<]*)<\/caption>([\s\S]*?)<\/table>/g)];
  return new Map(
    tables.map(([, caption = '', body = '']) => [
      caption,
      [...body.matchAll(/<tr>(<td[\s\S]*?)(?=\n<tr>|<\/tbody>)/g)].map(([, row = '']) =>
        row.split(/<td(?: class="text")?>/).slice(1),
      ),
    ]),
  );
}
