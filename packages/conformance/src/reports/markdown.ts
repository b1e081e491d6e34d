import type { OpName } from '@halftone/core';
import type { OpReport, Report } from '../report.ts';

/** A report as a Markdown table: ops down, variants across. */
export function toMarkdown(report: Report): string {
  const { variants } = report;
  const ops = [...new Set(variants.flatMap(({ ops: found }) => Object.keys(found)))] as OpName[];
  const header = ['op', 'tier', ...variants.map(({ label }) => label)];
  const rows = ops.map((op) => {
    const tier = variants.find(({ ops: found }) => found[op])?.ops[op]?.tier ?? '';
    return [`\`${op}\``, tier, ...variants.map(({ ops: found }) => cell(found[op]))];
  });
  const laws = [...new Set(variants.flatMap(({ laws: found }) => Object.keys(found)))];
  const lawRows = laws.map((law) => [
    `law ${law}`,
    '',
    ...variants.map(({ laws: found }) =>
      found[law] === undefined ? '' : found[law].passed ? 'holds' : '**broken**',
    ),
  ]);
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    `**${report.backend}**: ${report.verdict}, ${report.cases} cases`,
    '',
    line(header),
    line(header.map(() => '---')),
    ...rows.map(line),
    ...lawRows.map(line),
    '',
  ].join('\n');
}

function cell(op: OpReport | undefined): string {
  if (op === undefined) return '';
  if (op.status === 'inherited') return 'inherited';
  const refused = Object.values(op.skipped).reduce((sum, n) => sum + n, 0);
  if (op.failed > 0) return `**${op.failed} of ${op.failed + op.passed} wrong**`;
  return `${op.numericClass ?? '?'}${refused > 0 ? `, ${op.passed} of ${op.passed + refused} forms` : ''}`;
}
