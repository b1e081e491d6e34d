import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folder, halftone, installOrt, type Ran, writeData, writeModel } from './support.ts';

/** What Ctrl-C does, at a place that does not hang on how fast the machine is; the signal comes a moment later. */
const interrupt =
  "process.kill(process.pid, 'SIGINT'); await new Promise((resolve) => setTimeout(resolve, 50));";

async function interrupted(
  args: readonly string[],
  at: { open?: string; run?: string },
): Promise<Ran & { left: string[] }> {
  const cwd = await folder();
  await writeModel(join(cwd, 'model.onnx'));
  await writeData(cwd);
  await installOrt(cwd, at);
  const before = await readdir(cwd);
  const ran = await halftone(args, { cwd });
  const after = await readdir(cwd);
  return { ...ran, left: after.filter((name) => !before.includes(name)) };
}

describe('Ctrl-C', () => {
  const calibrate = ['quantize', 'model.onnx', '--calibration', 'data-24.npy'];

  it.each([
    ['calibration', calibrate, { run: `if (runs === 5) { ${interrupt} }` }],
    ['the check of the written file', calibrate, { run: `if (runs === 30) { ${interrupt} }` }],
    ['the last run of that check', ['quantize', 'model.onnx'], { run: `if (runs === 8) { ${interrupt} }` }],
    [
      'compare',
      ['compare', 'model.onnx', 'model.onnx', '--data', 'data-24.npy'],
      { run: `if (runs === 5) { ${interrupt} }` },
    ],
  ])('ends %s with 130 and leaves nothing behind', async (_, args, at) => {
    const { code, stdout, stderr, left } = await interrupted(args, at);
    expect([code, stdout, left]).toEqual([130, '', []]);
    expect(stderr).not.toContain('    at ');
  });

  it('stops long before all samples are read', async () => {
    const limit = `if (runs === 2) { ${interrupt} } if (runs > 4) { process.exit(77); }`;
    expect((await interrupted(calibrate, { run: limit })).code).toBe(130);
  });

  it('leaves at once the second time, whatever is running', async () => {
    const deaf = `${interrupt} ${interrupt} await new Promise((resolve) => setTimeout(resolve, 60_000));`;
    const start = performance.now();
    const { code } = await interrupted(calibrate, { run: deaf });
    expect(code).toBe(130);
    expect(performance.now() - start).toBeLessThan(30_000);
  });
});
