import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeTensorAsNpy } from '../../src/data/npy.ts';
import { folder, halftone, install, installOrt, noise, writeModel } from './support.ts';

const absent = `export default { spec: 'backend/1', name: 'wasm',
  probe: async () => ({ available: false, reason: 'no threads here' }),
  open: async () => { throw new Error('not to be opened'); } };`;

describe('backends of packages', () => {
  it('are listed whatever state they are in', async () => {
    const at = await folder();
    await install(at, '@halftone/backend-native', "throw new Error('no such library');");
    await install(at, '@halftone/backend-wasm', absent);
    await install(at, '@halftone/backend-gpujs', 'export default 42;');
    const { code, stdout } = await halftone(['backends', '--json'], { cwd: at });
    expect(code).toBe(0);
    const rows: { name: string; available: boolean; reason?: string }[] = JSON.parse(stdout).backends;
    expect(Object.fromEntries(rows.map((row) => [row.name, row.available]))).toEqual({
      native: false,
      wasm: false,
      gpujs: false,
      reference: true,
    });
    const reasons = new Map(rows.map((row) => [row.name, row.reason]));
    expect(reasons.get('native')).toContain('no such library');
    expect(reasons.get('wasm')).toBe('no threads here');
    expect((await halftone(['backends'], { cwd: at })).stdout).toContain('no threads here');
  });

  it('are named by a bench that cannot time them', async () => {
    const at = await folder();
    await install(at, '@halftone/backend-native', "throw new Error('no such library');");
    await install(at, '@halftone/backend-wasm', absent);
    await install(
      at,
      '@halftone/backend-gpujs',
      absent.replace('wasm', 'gpujs').replace('threads', 'canvas'),
    );
    const args = ['bench', '--ops', '--quick', '--filter', '^quantize', '--threads', '1', '--json'];
    const { code, stdout } = await halftone(args, { cwd: at });
    expect(code).toBe(0);
    const { contestants } = JSON.parse(stdout) as {
      contestants: readonly { id: string; kind: string; unavailable?: string }[];
    };
    const reasons = new Map(contestants.map(({ id, unavailable }) => [id, unavailable]));
    expect([...reasons.keys()].sort()).toEqual(['gpujs', 'native', 'reference', 'wasm']);
    expect(reasons.get('native')).toContain('no such library');
    expect(reasons.get('wasm')).toContain('no threads here');
    expect(reasons.get('gpujs')).toContain('no canvas here');
    expect(reasons.get('reference')).toBeUndefined();
  });

  it('run a model by path or by short name, and end with 3 where they cannot', async () => {
    const at = await folder();
    await writeModel(join(at, 'model.onnx'));
    await writeFile(join(at, 'x.npy'), encodeTensorAsNpy(noise([1, 3, 8, 8], 5)));
    const reference = new URL('../../../backend-reference/dist/index.js', import.meta.url).href;
    await writeFile(
      join(at, 'mine.mjs'),
      `import reference from ${JSON.stringify(reference)}; export default { ...reference, name: 'mine' };`,
    );
    await install(at, '@halftone/backend-wasm', absent);
    await install(at, '@halftone/backend-native', "throw new Error('no such library');");
    const run = (backend: string): ReturnType<typeof halftone> =>
      halftone(['run', 'model.onnx', '--input', 'input=x.npy', '--backend', backend, '--json'], { cwd: at });
    const mine = await run('./mine.mjs');
    expect([mine.code, JSON.parse(mine.stdout).outputs[0].data]).toEqual([
      0,
      JSON.parse((await run('reference')).stdout).outputs[0].data,
    ]);
    for (const [name, code] of [
      ['./absent.mjs', 3],
      ['wasm', 3],
      ['native', 3],
      ['gpujs', 3],
      ['webgl', 2],
    ] as const) {
      const ran = await run(name);
      expect([name, ran.code, ran.stdout]).toEqual([name, code, '']);
      expect(ran.stderr).not.toContain('    at ');
    }
  });
});

describe('ONNX Runtime that is installed and does not load', () => {
  it('is not taken for one that is missing: 3, and nothing is left behind', async () => {
    const at = await folder();
    await install(at, 'onnxruntime-node', "throw new Error('no native part');");
    await writeModel(join(at, 'model.onnx'));
    const { code, stderr } = await halftone(['quantize', 'model.onnx'], { cwd: at });
    expect(code).toBe(3);
    expect(stderr).toContain('no native part');
    expect((await readdir(at)).sort()).toEqual(['model.onnx', 'node_modules']);
  });

  it('refuses a file that it cannot load, and leaves none behind', async () => {
    const at = await folder();
    // Runs the float model, and refuses the draft, which stands in a folder of its own.
    await installOrt(at, {
      open: "if (String(model).includes('.halftone-')) throw new Error('broken file');",
    });
    await writeModel(join(at, 'model.onnx'));
    const { code, stderr } = await halftone(['quantize', 'model.onnx'], { cwd: at });
    expect(code).toBe(1);
    expect(stderr).toContain('broken file');
    expect((await readdir(at)).sort()).toEqual(['model.onnx', 'node_modules']);
  });
});
