import type { Report } from '../report.ts';

/** A report as JUnit XML: a suite for each variant, a test for each op and each law. */
export function toJUnit(report: Report): string {
  const suites = report.variants.map((variant) => {
    const tests: string[] = [];
    let failures = 0;
    for (const [op, { status, failed }] of Object.entries(variant.ops)) {
      const messages = variant.failures
        .filter((failure) => failure.case.startsWith(`${op}/`))
        .map(
          (failure) =>
            `${failure.case}: ${failure.message}${failure.looksLike ? ` (looks like: ${failure.looksLike})` : ''}`,
        );
      if (failed > 0) failures++;
      tests.push(
        testCase(report.backend, op, failed > 0 ? messages.join('\n') : undefined, status === 'inherited'),
      );
    }
    for (const [name, { passed, rule, message }] of Object.entries(variant.laws)) {
      if (!passed) failures++;
      tests.push(testCase(report.backend, `law ${name}`, passed ? undefined : `${rule}: ${message}`, false));
    }
    const attributes = `name="${escape(`${report.backend} ${variant.label}`)}" tests="${tests.length}" failures="${failures}" time="${variant.seconds}"`;
    return `  <testsuite ${attributes}>\n${tests.join('\n')}\n  </testsuite>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('\n')}\n</testsuites>\n`;
}

function testCase(backend: string, name: string, failure: string | undefined, skipped: boolean): string {
  const inside =
    failure === undefined ? (skipped ? '<skipped/>' : '') : `<failure>${escape(failure)}</failure>`;
  return `    <testcase classname="${escape(backend)}" name="${escape(name)}">${inside}</testcase>`;
}

/** Text for XML 1.0, which has no control characters but three. */
function escape(text: string): string {
  return Array.from(text)
    .filter((character) => character >= ' ' || '\t\n\r'.includes(character))
    .join('')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
