import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkFileLengths } from '../checks/file-length.mjs';
import { linesWithHosts } from '../checks/lockfile.mjs';
import { wrongFiles } from '../checks/packages.mjs';
import { workspacePackages } from '../lib/paths.mjs';
import { addCounts, countReport, formatCounts } from '../lib/summary.mjs';

describe('test totals', () => {
  const file = (status: string, ...tests: string[]) => ({
    status,
    assertionResults: tests.map((t) => ({ status: t })),
  });

  it('counts tests over all files', () => {
    const testResults = [
      file('passed', 'passed', 'passed'),
      file('failed', 'failed', 'passed', 'skipped', 'todo'),
    ];
    expect(countReport({ testResults }, 1)).toEqual({ passed: 3, failed: 1, skipped: 2 });
  });
  it('counts a file that cannot be loaded as a failure', () => {
    expect(countReport({ testResults: [file('failed'), file('failed')] }, 1).failed).toBe(2);
  });
  it('never hides a non-zero exit', () => {
    expect(countReport({ testResults: [file('passed', 'passed')] }, 1)).toEqual({
      passed: 1,
      failed: 1,
      skipped: 0,
    });
    expect(countReport(undefined, 139).failed).toBe(1);
  });
  it('adds up and prints', () => {
    const total = addCounts([
      { passed: 2, failed: 0, skipped: 1 },
      { passed: 3, failed: 1, skipped: 0 },
    ]);
    expect(formatCounts(total)).toBe('5 passed, 1 failed, 1 skipped');
    expect(formatCounts({ passed: 5, failed: 0, skipped: 0 })).toBe('5 passed, 0 failed');
  });
});

describe('lock file', () => {
  it('finds addresses and tarballs, and accepts integrities', () => {
    const text =
      "  '@a/b@1.0.0':\n    resolution: {integrity: sha512-Ab+/c==}\n    resolution: {tarball: https://h/x.tgz}\n";
    expect(linesWithHosts(text).map(({ number }) => number)).toEqual([3]);
  });
});

describe('packed files', () => {
  const good = ['LICENSE', 'README.md', 'package.json', 'dist/index.js', 'dist/index.d.ts', 'src/index.ts'];

  it('accepts what a package needs', () => {
    expect(wrongFiles(good)).toEqual([]);
  });
  it('names what is missing and what should not be there', () => {
    expect(wrongFiles([...good.slice(1), 'dist/x.tsbuildinfo', 'test/a.test.js'])).toEqual([
      'lacks LICENSE',
      'should not hold dist/x.tsbuildinfo',
      'should not hold test/a.test.js',
    ]);
  });
  it('asks for the worked examples in the package with the command', () => {
    expect(wrongFiles(good, 'halftone')).toEqual([
      'lacks dist/worked/unit-line.mjs',
      'lacks dist/worked/lib/worked.mjs',
    ]);
    expect(
      wrongFiles([...good, 'dist/worked/unit-line.mjs', 'dist/worked/lib/worked.mjs'], 'halftone'),
    ).toEqual([]);
  });
});

describe('file length', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lengths-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it.each([
    [400, 0],
    [500, 0],
    [501, 1],
  ])('%i lines give exit code %i', (lines, code) => {
    writeFileSync(join(folder, 'a.ts'), '\n'.repeat(lines));
    expect(checkFileLengths(folder)).toBe(code);
  });
});

it('finds the workspace packages', () => {
  expect(workspacePackages().map(({ dir }) => dir)).toEqual(
    expect.arrayContaining(['packages/core', 'packages/halftone', 'tests/integration', 'tools/boundaries']),
  );
});
