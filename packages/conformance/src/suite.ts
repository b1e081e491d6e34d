import { type BackendProvider, HalftoneError, openBackend } from '@halftone/core';
import reference from '@halftone/backend-reference';
import { casesOf } from './cases/index.ts';
import { largeCases } from './cases/large.ts';
import { laws } from './laws/index.ts';
import { type Report, REPORT_SCHEMA, type VariantReport, worst } from './report.ts';
import { type Oracle, oracleOf } from './run-case.ts';
import { opsOfTier, type SuiteOptions } from './suite-options.ts';
import { since, VariantRun } from './variant-run.ts';

/**
 * Asks a backend everything: the cases of each op, in every variant that it names, and the laws.
 * Throws HT_UNAVAILABLE with the backend's reason where it cannot run here, HT_BACKEND for what is no provider and where
 * opening it fails, HT_INVALID_ARGUMENT where a filter leaves nothing to ask.
 */
export async function runSuite<Options>(
  provider: BackendProvider<Options>,
  options: SuiteOptions<Options> = {},
): Promise<Report> {
  const started = Date.now();
  if (options.grep && !isSomethingLeft(options.grep, options)) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `no case and no law matches ${options.grep.source}; --list prints the names`,
      { grep: options.grep.source },
    );
  }
  const oracle = await openBackend(reference);
  const fresh = oracleOf(oracle);
  const known = remembering(fresh);
  const variants = variantsOf(provider, options);
  const reports: VariantReport[] = [];
  let cases = 0;
  try {
    for (const { label, options: chosen } of variants) {
      const run = new VariantRun(provider, label, chosen, options, known, fresh);
      reports.push(await run.report());
      cases = Math.max(cases, run.asked);
      if (options.bail && reports.at(-1)!.verdict === 'failed') break;
    }
  } finally {
    await oracle.dispose();
  }
  return {
    schema: REPORT_SCHEMA,
    backend: provider.name,
    verdict: worst(reports.map(({ verdict }) => verdict)),
    filter: {
      ...(options.grep ? { grep: options.grep.source } : {}),
      ...(options.tier ? { tier: options.tier } : {}),
    },
    cases,
    variants: reports,
    seconds: since(started),
  };
}

function isSomethingLeft(
  grep: RegExp,
  { tier, fuzz, large }: Pick<SuiteOptions, 'tier' | 'fuzz' | 'large'>,
): boolean {
  if (fuzz !== undefined || laws.some(({ name }) => grep.test(`law/${name}`))) return true;
  const asked = opsOfTier(tier).flatMap((op) => [...casesOf(op), ...(large ? largeCases(op) : [])]);
  return asked.some(({ id }) => grep.test(id));
}

function variantsOf<Options>(
  provider: BackendProvider<Options>,
  { options }: SuiteOptions<Options>,
): readonly { readonly label: string; readonly options: Options | undefined }[] {
  if (options !== undefined) return [{ label: 'given options', options }];
  return provider.variants?.length ? provider.variants : [{ label: 'default', options: undefined }];
}

/** Results do not change from one variant to the next. */
function remembering(oracle: Oracle): Oracle {
  const results = new Map<string, ReturnType<Oracle>>();
  return (item) => {
    const found = results.get(item.id) ?? oracle(item);
    results.set(item.id, found);
    return found;
  };
}
