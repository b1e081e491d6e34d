import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { clearProgress, Terminal } from '../../src/cli/terminal.ts';

const [outTty, errTty] = [process.stdout.isTTY, process.stderr.isTTY];
let out = '';
let err = '';

function attach(stdout: boolean, stderr: boolean): void {
  process.stdout.isTTY = stdout;
  process.stderr.isTTY = stderr;
}

beforeEach(() => {
  [out, err] = ['', ''];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((err += String(text)), true));
  for (const name of ['CI', 'NO_COLOR', 'FORCE_COLOR']) vi.stubEnv(name, undefined);
});

afterEach(() => {
  clearProgress();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  attach(outTty, errTty);
});

describe('Terminal', () => {
  it('shows progress on stderr, and takes it away before a line of the result', () => {
    attach(true, true);
    const terminal = new Terminal({});
    terminal.progress('calibrating: 1 of 9');
    expect(err).toContain('calibrating: 1 of 9');
    expect(err).not.toContain('\n');
    err = '';
    terminal.line('done');
    expect([err, out]).toEqual(['\r\x1b[2K', 'done\n']);
    err = '';
    clearProgress();
    expect(err).toBe('');
    // An error that ends the command takes the line away too, whichever terminal drew it.
    new Terminal({}).progress('calibrating: 2 of 9');
    err = '';
    clearProgress();
    expect(err).toBe('\r\x1b[2K');
  });

  it('draws progress at most ten times a second', () => {
    attach(true, true);
    vi.useFakeTimers({ now: 1_000_000 });
    const terminal = new Terminal({});
    for (let i = 0; i < 1000; i++) {
      terminal.progress(`step ${i}.`);
      vi.setSystemTime(1_000_000 + i);
    }
    vi.useRealTimers();
    expect(err.match(/step/g)?.length).toBeLessThanOrEqual(10);
    expect(err.match(/step/g)?.length).toBeGreaterThan(5);
  });

  it.each([
    ['a pipe', false, {}, {}],
    ['a machine that builds', true, {}, { CI: 'true' }],
    ['--quiet', true, { quiet: true }, {}],
  ])('shows no progress to %s', (_, tty, options, env) => {
    attach(true, tty);
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    const terminal = new Terminal(options);
    terminal.progress('calibrating');
    clearProgress();
    expect([out, err]).toEqual(['', '']);
  });

  it('styles for a person only: not in a pipe, not with NO_COLOR; FORCE_COLOR decides where it is set', () => {
    const isStyled = (): boolean => new Terminal({}).bold('x').includes('\x1b');
    attach(false, true);
    expect(isStyled()).toBe(false);
    vi.stubEnv('FORCE_COLOR', '1');
    expect(isStyled()).toBe(true);
    vi.stubEnv('FORCE_COLOR', '0');
    attach(true, true);
    expect(isStyled()).toBe(false);
    vi.stubEnv('FORCE_COLOR', undefined);
    vi.stubEnv('NO_COLOR', '1');
    expect(isStyled()).toBe(false);
  });

  it('prints either lines or one document, in which what is no number is null', () => {
    const terminal = new Terminal({ json: true });
    terminal.line('text');
    terminal.result({ sqnrDb: Infinity, cosine: Number.NaN, samples: 3 });
    expect(JSON.parse(out)).toEqual({ schemaVersion: 1, sqnrDb: null, cosine: null, samples: 3 });
    out = '';
    const plain = new Terminal({});
    plain.result({ samples: 3 });
    plain.line('text');
    expect(out).toBe('text\n');
  });
});
