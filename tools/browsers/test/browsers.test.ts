import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askPage, findChromium, findFirefox, serve } from '../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'halftone-pages-'));
beforeAll(() => {
  const script = `
    fetch('/progress', { method: 'POST', body: 'begun' })
      .then(() => fetch('/result', { method: 'POST', body: String(crossOriginIsolated) }));`;
  writeFileSync(join(folder, 'page.html'), `<!doctype html><script>${script}</script>`);
  writeFileSync(join(folder, 'silent.html'), '<!doctype html>');
  writeFileSync(join(folder, 'module.wasm'), 'x');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('finds browsers by their variables and on PATH', () => {
  const program = join(folder, 'firefox');
  writeFileSync(program, '', { mode: 0o755 });
  expect(findChromium({ CHROMIUM_PATH: '/a/chromium' })).toEqual({ kind: 'chromium', path: '/a/chromium' });
  expect(findFirefox({ PATH: `/nowhere${delimiter}${folder}` })).toEqual({ kind: 'firefox', path: program });
  expect(findChromium({ PATH: folder, HOME: folder })).toBeUndefined();
});

it('finds the newest Chromium that Playwright installed, behind all others', () => {
  const root = join(folder, 'playwright');
  const made = [
    'chromium-999/chrome-linux',
    'chromium-1200/chrome-linux64',
    'chromium_headless_shell-1300/chrome-linux',
  ];
  for (const each of made) {
    mkdirSync(join(root, each), { recursive: true });
    writeFileSync(join(root, each, 'chrome'), '', { mode: 0o755 });
  }
  mkdirSync(join(root, 'chromium-1400'));
  const environment = { PATH: '', PLAYWRIGHT_BROWSERS_PATH: root };
  const path = join(root, 'chromium-1200/chrome-linux64/chrome');
  expect(findChromium(environment)).toEqual({ kind: 'chromium', path });
  expect(findChromium({ ...environment, CHROMIUM_PATH: '/a/chromium' })?.path).toBe('/a/chromium');
});

describe('serve', () => {
  it('serves what its folders hold, by their types, and nothing else', async () => {
    const { address, close } = await serve({ folders: { '/': folder } });
    const module = await fetch(`${address}/module.wasm`);
    expect([module.headers.get('content-type'), await module.text()]).toEqual(['application/wasm', 'x']);
    for (const path of ['/none', '/', '/%2e%2e/%2e%2e/etc/passwd'])
      expect((await fetch(address + path)).status, path).toBe(404);
    close();
  });
});

const browsers = [findChromium(), findFirefox()].filter((browser) => browser !== undefined);

describe.each(browsers)('$kind', (browser) => {
  it.each([true, false])('answers, isolated: %s', async (isolated) => {
    const posted: string[] = [];
    const onPost = (path: string, text: string): void => void posted.push(path, text);
    const page = '/page.html?query=1';
    expect(await askPage(browser, { folders: { '/': folder }, isolated, page, onPost })).toBe(
      String(isolated),
    );
    expect(posted).toEqual(['/progress', 'begun']);
  });

  it('is given up when it does not answer', async () => {
    const silent = askPage(browser, { folders: { '/': folder }, page: '/silent.html', seconds: 1 });
    await expect(silent).rejects.toThrow(/1 seconds/);
  });
});

it('says that a browser ended before it answered', async () => {
  const none = { kind: 'chromium', path: join(folder, 'none') } as const;
  await expect(askPage(none, { folders: {}, page: '/' })).rejects.toThrow(/ended early/);
});
