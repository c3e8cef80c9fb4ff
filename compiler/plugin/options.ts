import { pluginOptionInvalid } from '../diagnostics/plugin.ts';
import type { BuildConfig } from '../settings/config.ts';
import { faultOf } from '../settings/read-config.ts';

/** The settings of lcc.config.ts, for all models that an app imports. Paths start from the bundler's root. */
export interface PluginOptions extends Omit<BuildConfig, 'model' | 'data' | 'out'> {
  /**
   * Where the types of imported models are declared: beside each (true, the default), all in one folder, or nowhere (false).
   * Beside a model TypeScript finds them with `allowArbitraryExtensions`; those of imports with a query, and those in a
   * folder, are ambient modules, which TypeScript finds where its `include` covers them.
   */
  readonly types?: boolean | string;
}

/** @throws LccError LCC0203 */
export function requireOptions(options: PluginOptions): PluginOptions {
  const { types, ...settings } = options;
  const stray = ['model', 'data', 'out'].find((name) => name in settings);
  const fault = stray === undefined ? faultOf(settings) : `there is no setting "${stray}"`;
  if (fault !== undefined) throw pluginOptionInvalid(fault);
  if (types !== undefined && typeof types !== 'boolean' && (typeof types !== 'string' || types === ''))
    throw pluginOptionInvalid('types is not true, false or a folder');
  return options;
}
