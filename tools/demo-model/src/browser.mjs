import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

/** The page's made-up address: every request is answered from `files`, nothing leaves the machine. */
const origin = 'http://demo-model.invalid';

/** Without a graphics card WebGL must be drawn by software, which Chromium does only when told. */
const flags = [
  '--no-sandbox',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Opens a page that serves `files`, a map from address path to file path.
 *
 * @param {string} executablePath
 * @param {Record<string, string>} files
 */
export async function openPage(executablePath, files) {
  const browser = await chromium.launch({ executablePath, args: flags });
  const page = await browser.newPage();
  await page.route('**', (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === '/')
      return route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>train</title>' });
    if (!Object.hasOwn(files, pathname)) return route.fulfill({ status: 404 });
    return route.fulfill({ contentType: 'text/javascript', body: readFileSync(files[pathname]) });
  });
  await page.goto(`${origin}/`);
  return { page, close: () => browser.close() };
}
