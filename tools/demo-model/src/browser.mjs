import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
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

/** Path of Chromium: CHROMIUM_PATH, else the first of the usual names on PATH, else undefined. */
export function findChromium(environment = process.env) {
  if (environment.CHROMIUM_PATH) return environment.CHROMIUM_PATH;
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  for (const folder of (environment.PATH ?? '').split(delimiter)) {
    for (const name of names) {
      const path = join(folder, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        continue;
      }
    }
  }
  return undefined;
}

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
