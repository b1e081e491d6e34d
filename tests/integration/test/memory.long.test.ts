import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { assets, scratch, tasks } from './assets-support.ts';

const bin = fileURLToPath(new URL('../../../packages/halftone/dist/cli/main.js', import.meta.url));

/** Peak resident memory of one run of `halftone quantize`, in bytes. */
async function peak(samples: number): Promise<number> {
  const { model, calibration, read } = tasks['resnet_4b']!;
  const args = [
    'quantize',
    model,
    '-o',
    join(await scratch(), 'm.onnx'),
    '--calibration',
    calibration,
    ...read,
    '--samples',
    String(samples),
    '--quiet',
  ];
  // Loaded before the command, to speak when it has ended.
  const report = 'process.on("exit", () => console.error(process.resourceUsage().maxRSS))';
  const { stderr } = await promisify(execFile)(process.execPath, [
    `--import=data:text/javascript,${report}`,
    bin,
    ...args,
  ]);
  return Number(stderr) * 1024;
}

describe.skipIf(assets === '')(
  'memory of calibration',
  () => {
    it('does not grow with the number of samples: 300 take at most 1.3 times what 30 take', async () => {
      const few: number[] = [];
      const many: number[] = [];
      for (let i = 0; i < 3; i++) {
        few.push(await peak(30));
        many.push(await peak(300));
      }
      const median = (values: number[]): number => values.sort((a, b) => a - b)[1]!;
      console.log(
        `peak memory: ${Math.floor(median(few) / 2 ** 20)} MiB at 30 samples, ${Math.floor(median(many) / 2 ** 20)} MiB at 300`,
      );
      expect(median(many) / median(few)).toBeLessThanOrEqual(1.3);
    });
  },
  300_000,
);
