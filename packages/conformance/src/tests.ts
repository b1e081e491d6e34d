// The suite as tests of any runner that has `describe` and `it`: vitest, node:test, jest, mocha.
import type { BackendProvider } from '@halftone/core';
import { failureLines } from './reports/text.ts';
import type { VariantReport } from './report.ts';
import { runSuite } from './suite.ts';
import type { SuiteOptions } from './suite-options.ts';

/** What a test runner gives: `describe` and `it`, and `skip` to say visibly that something did not run. */
export interface TestRunner {
  readonly describe: (name: string, define: () => void) => unknown;
  readonly it: ((name: string, test: () => Promise<void>) => unknown) & {
    readonly skip: (name: string, test: () => void) => unknown;
  };
}

/** Choices of `conformanceTests`. */
export interface TestOptions<Options> extends Omit<SuiteOptions<Options>, 'onProgress' | 'bail'> {
  /** The backend must be available and have the required tier of its own. */
  readonly required?: boolean | undefined;
}

/**
 * Defines the tests of a backend: one that it opens, one for each of its ops and laws. Where the backend is not available
 * a skipped test says why, unless `required` makes that a failure. Await it at the top of a test file.
 */
export async function conformanceTests<Options>(
  provider: BackendProvider<Options>,
  { describe, it }: TestRunner,
  { required = false, ...options }: TestOptions<Options> = {},
): Promise<void> {
  const probe = await provider.probe(options.options);
  if (!probe.available) {
    const name = `is available: ${probe.reason}`;
    describe(`conformance of ${provider.name}`, () => {
      if (required) it(name, () => Promise.reject(new Error(probe.reason)));
      else it.skip(name, () => {});
    });
    return;
  }
  const report = await runSuite(provider, options);
  describe(`conformance of ${provider.name}`, () => {
    it(required ? 'is complete' : 'is complete or partial', async () => {
      if (report.verdict === 'failed' || (required && report.verdict !== 'complete'))
        throw new Error(`the verdict is ${report.verdict}`);
    });
    for (const variant of report.variants)
      describe(variant.label, () => {
        defineVariant(variant, it);
      });
  });
}

function defineVariant(variant: VariantReport, it: TestRunner['it']): void {
  const inherited = Object.entries(variant.ops).filter(([, { status }]) => status === 'inherited');
  if (inherited.length > 0) it.skip(`inherited: ${inherited.map(([op]) => op).join(', ')}`, () => {});
  for (const [op, { passed, failed, status }] of Object.entries(variant.ops)) {
    if (status === 'inherited') continue;
    it(`${op}: ${passed + failed} cases`, async () => {
      if (failed === 0) return;
      const failures = variant.failures.filter((failure) => failure.case.startsWith(`${op}/`));
      throw new Error(failures.flatMap((failure) => failureLines(failure, again)).join('\n'));
    });
  }
  for (const [name, { rule, passed, message }] of Object.entries(variant.laws)) {
    it(`law ${name}: ${rule}`, async () => {
      if (!passed) throw new Error(message);
    });
  }
}

const again = (failure: { readonly case: string }): string =>
  `npx @halftone/conformance <module> --grep '${failure.case}'`;
