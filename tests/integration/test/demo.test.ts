import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadOnnx } from 'halftone';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const path = join(root, 'packages/halftone/demo/model.onnx');

describe('the embedded model', () => {
  it('is a float CNN with BatchNormalization, depthwise convolutions and at least 100,000 weights', async () => {
    const graph = await loadOnnx(path);
    const weights = [...graph.constants.values()].reduce(
      (sum, { shape }) => sum + shape.reduce((product, extent) => product * extent, 1),
      0,
    );
    expect(weights).toBeGreaterThanOrEqual(100_000);
    const groups = graph.nodes.flatMap((node) => {
      const group = node.op === 'Conv' ? node.attributes['group'] : undefined;
      return group?.type === 'int' ? [group.value] : [];
    });
    expect(groups.some((group) => group > 1)).toBe(true);
    expect(graph.nodes.some((node) => node.op === 'BatchNormalization')).toBe(true);
    expect((await stat(path)).size).toBeLessThan(1_000_000);
  });
});

describe('the demo', () => {
  it('quantizes, evaluates and prints one table with equal integers, twice in a row', async () => {
    for (const _ of [1, 2]) {
      const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'scripts/demo.mjs')], {
        cwd: root,
      });
      const right = [...stdout.matchAll(/^(float|int8), [\w ]+?\s+[\d.]+ KiB\s+(\d+) of (\d+)/gm)];
      // One row for each backend that is built here, the last for ONNX Runtime.
      expect(right.map((match) => match[1]).join(' ')).toMatch(/^float int8( int8)+$/);
      const [float, ...quantized] = right.map((match) => Number(match[2]) / Number(match[3]));
      for (const share of quantized) expect(float! - share).toBeLessThanOrEqual(0.01);
      expect(float).toBeGreaterThan(0.8);
      // ONNX Runtime fuses the residual additions, so a last code may differ there (docs/decisions/0013).
      const equal = [...stdout.matchAll(/([\d.]+) %\s+[\d.]+ ms$/gm)].map((match) => Number(match[1]));
      for (const share of equal.slice(0, -1)) expect(share).toBe(100);
      expect(equal.at(-1)).toBeGreaterThan(99);
      expect(
        (await stat(join(root, 'out/demo/model.int8.onnx'))).size / (await stat(path)).size,
      ).toBeLessThan(0.35);
    }
  }, 120_000);
});
