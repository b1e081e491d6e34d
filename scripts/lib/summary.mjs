import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { outDir, readJson } from './paths.mjs';

/** Where each test run leaves vitest's JSON report, one file a run. */
export const reportsDir = join(outDir, 'test');

/**
 * Counts one vitest JSON report.
 * A file that cannot be loaded has no tests to fail, and an error outside of tests none to blame: each counts as one failure.
 */
export function countReport(report, exitCode) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of report?.testResults ?? []) {
    let failedHere = 0;
    for (const { status } of file.assertionResults) {
      if (status === 'passed') counts.passed++;
      else if (status === 'failed') failedHere++;
      else counts.skipped++;
    }
    counts.failed += failedHere || (file.status === 'failed' ? 1 : 0);
  }
  if (exitCode !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

/** Adds up counts. */
export function addCounts(list) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const counts of list) for (const key of Object.keys(total)) total[key] += counts[key];
  return total;
}

/** The closing line of a test run. */
export function formatCounts({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`;
}

/** Removes the reports of earlier runs whose name starts so. */
export function clearReports(prefix) {
  mkdirSync(reportsDir, { recursive: true });
  for (const name of readdirSync(reportsDir)) if (name.startsWith(prefix)) rmSync(join(reportsDir, name));
}

/** What the runs of these names left, added up. A run that left nothing ended early: that is a failure too. */
export function savedTotal(names) {
  const saved = names.map((name) => {
    const file = join(reportsDir, `${name}.total.json`);
    if (existsSync(file)) return readJson(file);
    console.log(`The run "${name}" ended before its tests`);
    return { passed: 0, failed: 1, skipped: 0 };
  });
  return addCounts(saved);
}
