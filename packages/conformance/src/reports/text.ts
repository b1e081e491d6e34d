// A report for people who read a terminal.
import type { Report, VariantReport } from '../report.ts';
import type { ExplainedFailure } from '../report.ts';

/** How a failure is repeated: the line to type. */
export type Repeat = (failure: ExplainedFailure) => string;

/** What went wrong, one paragraph a failure. */
export function failureLines(failure: ExplainedFailure, repeat: Repeat): string[] {
  const { mismatch, path, variant, looksLike, smallest } = failure;
  const how = path === 'prepared' ? ', with its weights handed over when it was prepared' : '';
  const lines = [
    `FAILED ${failure.case}${variant ? ` (kernel ${variant}${how})` : ''}`,
    `  ${failure.message}`,
  ];
  if (mismatch && mismatch.differences.length > 0) {
    const counted = mismatch.differences
      .slice(0, 5)
      .map(([difference, times]) => `${signed(difference)} ${times} times`);
    lines.push(`  got - expected: ${counted.join(', ')}${mismatch.differences.length > 5 ? ', …' : ''}`);
  }
  if (looksLike) lines.push(`  looks like: ${looksLike}`);
  if (smallest)
    lines.push(
      `  smallest: ${JSON.stringify(smallest.spec)}`,
      `            ${JSON.stringify(smallest.inputs)}`,
    );
  lines.push(`  again: ${repeat(failure)}`);
  return lines;
}

function signed(difference: number): string {
  return difference > 0 ? `+${difference}` : String(difference);
}

/** A line for each op and each law of a variant. */
function variantLines(variant: VariantReport): string[] {
  const lines = [`${variant.label}: ${variant.device}`];
  const inherited: string[] = [];
  for (const [op, { tier, status, numericClass, passed, failed, skipped }] of Object.entries(variant.ops)) {
    if (status === 'inherited') {
      inherited.push(op);
      continue;
    }
    const refused = Object.values(skipped).reduce((sum, n) => sum + n, 0);
    const counts = [
      `${passed} passed`,
      ...(failed > 0 ? [`${failed} FAILED`] : []),
      ...(refused > 0 ? [`${refused} refused`] : []),
    ];
    lines.push(
      `  ${op.padEnd(16)} ${tier.padEnd(8)} ${counts.join(', ')}  ${numericClass ?? 'no numeric class'}`,
    );
  }
  if (inherited.length > 0) lines.push(`  not there, inherited: ${inherited.join(', ')}`);
  for (const [name, { passed, rule, message }] of Object.entries(variant.laws))
    lines.push(
      passed ? `  law ${name.padEnd(12)} holds` : `  law ${name.padEnd(12)} BROKEN: ${rule}\n    ${message}`,
    );
  return lines;
}

/** The last line: what it comes to. */
function verdictLine(report: Report): string {
  const [first] = report.variants;
  const laws = Object.keys(first?.laws ?? {}).length;
  const asked = `${report.cases} cases and ${laws} laws in ${report.variants.length} variant(s), ${report.seconds.toFixed(1)} s`;
  const meaning = {
    complete: 'complete: everything is right, and the required tier is its own',
    partial: 'partial: everything it has is right; required ops that it lacks are inherited',
    failed: 'failed',
  }[report.verdict];
  return `${report.backend}: ${meaning} (${asked})`;
}

/** A whole report as text; `repeat` says how a failure is repeated. */
export function toText(report: Report, repeat: Repeat): string {
  const lines = report.variants.flatMap((variant) => [
    ...variantLines(variant),
    ...variant.failures.flatMap((failure) => ['', ...failureLines(failure, repeat)]),
    '',
  ]);
  return [...lines, verdictLine(report), ''].join('\n');
}
