import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isHalftoneError } from '@halftone/core';
import { expect, it } from 'vitest';
import { loadModel } from '../../src/cli/load-model.ts';
import { folder, halftone, writeModel } from './support.ts';

it('an error about what stands in a file says which file', async () => {
  const at = await folder();
  const good = await writeModel(join(at, 'good.onnx'));
  const bad = join(at, 'bad.onnx');
  await writeFile(bad, Uint8Array.of(0x3a, 0xff));
  const error = await loadModel(bad).catch((caught: unknown) => caught);
  expect(isHalftoneError(error, 'HT_MODEL_INVALID') && error.details['path']).toBe(bad);
  // Of two models on one command line it is the second.
  const { code, stderr } = await halftone(['compare', good, bad, '--data', at]);
  expect([code, stderr.includes(bad), stderr.includes(good)]).toEqual([1, true, false]);
  const missing = await loadModel(join(at, 'none.onnx')).catch((caught: unknown) => caught);
  expect(isHalftoneError(missing, 'HT_FILE')).toBe(true);
});
