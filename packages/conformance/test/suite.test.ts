import { type BackendProvider, isHalftoneError } from '@halftone/core';
import reference from '@halftone/backend-reference';
import { describe, expect, test } from 'vitest';
import { runSuite } from '../src/index.ts';
import { oneOp, refusing, tailless } from './broken.ts';

const code = (expected: string) =>
  expect.toSatisfy((error) => isHalftoneError(error, expected as 'HT_BACKEND'));

describe('verdicts', () => {
  test('one right op is partial, and the others are inherited', async () => {
    const { verdict, variants } = await runSuite(oneOp());
    expect(verdict).toBe('partial');
    expect(variants[0]!.ops.lut256).toMatchObject({ status: 'own', failed: 0 });
    expect(variants[0]!.ops.qgemm).toMatchObject({ status: 'inherited', passed: 0, failed: 0 });
    expect(Object.values(variants[0]!.laws).every(({ passed }) => passed)).toBe(true);
  });

  test('a forgotten tail fails, says the first wrong index and what it looks like', async () => {
    const { verdict, variants } = await runSuite(tailless, { grep: /^dequantize\/n-11\/u8$/ });
    expect(verdict).toBe('failed');
    const [failure] = variants[0]!.failures;
    expect(failure).toMatchObject({
      case: 'dequantize/n-11/u8',
      mismatch: { index: 8, place: [8], wrong: 3, count: 11 },
    });
    expect(failure!.looksLike).toMatch(/tail/);
  });

  test('a refusal in the required tier is a failure, an optional form is not', async () => {
    const axis = await runSuite(refusing, { grep: /^dequantize\/axis-1\/u8$/ });
    expect([axis.verdict, axis.variants[0]!.failures[0]!.case]).toEqual(['failed', 'dequantize/axis-1/u8']);
    const block = await runSuite(refusing, { grep: /^dequantize\/block-1-3\/u8$/ });
    expect([block.verdict, block.variants[0]!.ops.dequantize!.skipped]).toEqual([
      'partial',
      { 'one scale alone': 1 },
    ]);
  });

  test('each variant that a provider names is run', async () => {
    const provider: BackendProvider<{ cut?: boolean }> = {
      ...oneOp(),
      variants: [
        { label: 'whole', options: {} },
        { label: 'cut', options: { cut: true } },
      ],
      create: (options) => oneOp(options?.cut ? (count) => count - (count % 8) : undefined).create(),
    };
    const { verdict, variants } = await runSuite(provider);
    expect([verdict, ...variants.map((variant) => [variant.label, variant.verdict])]).toEqual([
      'failed',
      ['whole', 'partial'],
      ['cut', 'failed'],
    ]);
    const chosen = await runSuite(provider, { options: { cut: false } });
    expect(chosen.variants.map(({ verdict: each }) => each)).toEqual(['partial']);
  });
});

describe('choices', () => {
  test('a tier, a name, and stopping at the first failure', async () => {
    const required = await runSuite(reference, { tier: 'required', grep: /^qgemm\/m-1\/|^conv2d/ });
    expect(Object.keys(required.variants[0]!.ops)).toEqual(['qgemm']);
    expect(required.cases).toBe(4);
    const bailed = await runSuite(tailless, { bail: true });
    expect(bailed.variants[0]!.failures.length).toBe(1);
    expect(bailed.variants[0]!.laws).toEqual({});
  });

  test('asking for support runs nothing', async () => {
    const { verdict, variants } = await runSuite(tailless, { mode: 'support' });
    expect([verdict, variants[0]!.ops.dequantize!.variants]).toEqual(['partial', []]);
  });

  test('a name that nothing has is an error', async () => {
    await expect(runSuite(reference, { grep: /^nothing$/ })).rejects.toEqual(code('HT_INVALID_ARGUMENT'));
  });

  test('a backend that cannot run here, and what is no backend', async () => {
    const away: BackendProvider = {
      ...oneOp(),
      probe: async () => ({ available: false, reason: 'no device' }),
    };
    await expect(runSuite(away)).rejects.toEqual(code('HT_UNAVAILABLE'));
    await expect(runSuite({} as BackendProvider)).rejects.toEqual(code('HT_BACKEND'));
  });
});

describe('drawn cases', () => {
  test('repeat by seed, and a failure becomes as small as it gets', async () => {
    const options = { grep: /^dequantize\/fuzz/, fuzz: { count: 200, seed: 5 } };
    const first = await runSuite(tailless, options);
    const second = await runSuite(tailless, options);
    expect(first.variants[0]!.failures).toEqual(second.variants[0]!.failures);
    const plain = first.variants[0]!.failures.find(({ smallest }) => !('axis' in smallest!.spec))!;
    const { shape } = plain.smallest!.spec as { shape: number[] };
    expect(shape.reduce((product, extent) => product * extent, 1)).toBe(1);
    const [name] = [plain.case];
    const alone = await runSuite(tailless, { ...options, grep: new RegExp(`^${name}$`) });
    expect(alone.variants[0]!.failures.map((failure) => failure.case)).toEqual([name]);
  });

  test('the reference passes 2,000', async () => {
    const { verdict } = await runSuite(reference, { grep: /\/fuzz-/, fuzz: { count: 2000, seed: 7 } });
    expect(verdict).toBe('complete');
  });
});
