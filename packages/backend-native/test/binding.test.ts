import { describe, expect, test } from 'vitest';
import { loadAddon } from '../src/load.ts';
import { fuzzAddon } from './fuzz.mjs';
import { available } from './support.ts';

describe.skipIf(!available)('the addon', () => {
  test('refuses what does not fit, and lives', () => {
    const threw = fuzzAddon(loadAddon(), 20_000, 1);
    expect(threw).toBeGreaterThan(10_000);
    expect(threw).toBeLessThan(20_000);
  });

  test('records calls and does them again on other arrays', () => {
    const addon = loadAddon();
    const engine = new addon.Engine('', 1);
    const program = new addon.Program(engine, 64);
    const between = new Uint8Array(program.memory(), 0, 3);
    const [x, y] = [new Float32Array(3), new Float32Array(3)];
    const [scale, zero] = [Float32Array.of(0.5), Uint8Array.of(10)];
    program.record([x, y]);
    engine.quantize(x, scale, zero, between, 1, 1, 3, false);
    engine.dequantize(between, scale, zero, y, 1, 1, 3, 0);
    expect(() => engine.dequantize(between, scale, zero, new Float32Array(3), 1, 1, 3, 0)).toThrow(TypeError);
    program.finish();
    // Nothing was done, and what was no memory of the program stays what it was.
    expect([...y]).toEqual([0, 0, 0]);
    scale[0] = 4;
    const result = new Float32Array(3);
    expect(program.run([Float32Array.of(1.1, -1.1, 200), result])).toBe(2);
    expect([...between]).toEqual([12, 8, 255]);
    expect([...result]).toEqual([1, -1, 122.5]);
    expect(() => program.run([x])).toThrow(RangeError);
    expect(() => program.run([x, new Int32Array(3)])).toThrow(TypeError);
    expect(() => program.run([x, new Float32Array(4)])).toThrow(TypeError);
    expect(() => program.record([x])).toThrow();
    program.dispose();
    expect(() => program.run([x, y])).toThrow();
    engine.close();
  });

  test('records for one program at a time, and ends with the program', () => {
    const addon = loadAddon();
    const engine = new addon.Engine('', 1);
    const [first, second] = [new addon.Program(engine, 64), new addon.Program(engine, 64)];
    first.record([]);
    expect(() => second.record([])).toThrow();
    first.dispose();
    second.record([]);
    second.finish();
    expect(second.run([])).toBe(0);
    engine.close();
    expect(() => second.run([])).toThrow();
  });

  test('gives memory that is aligned, and takes it back', () => {
    const addon = loadAddon();
    const buffer = addon.allocate(1 << 22);
    new Uint8Array(buffer).fill(7);
    addon.release(buffer);
    expect(buffer.byteLength).toBe(0);
    addon.release(buffer);
    expect(() => addon.allocate(2 ** 47)).toThrow(RangeError);
  });
});
