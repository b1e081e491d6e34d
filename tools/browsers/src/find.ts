import { accessSync, constants, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** A browser on this machine. */
export interface Browser {
  readonly kind: 'chromium' | 'firefox';
  /** Path of its program. */
  readonly path: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Chromium: CHROMIUM_PATH, else the first of the usual names on PATH, else the newest that Playwright installed, else undefined. */
export function findChromium(environment: Environment = process.env): Browser | undefined {
  const names = ['chromium', 'google-chrome', 'chromium-browser'];
  const path = environment['CHROMIUM_PATH'] || onPath(names, environment) || playwrights(environment);
  return browser('chromium', path);
}

/** Firefox: FIREFOX_PATH, else the first of the usual names on PATH, else undefined. */
export function findFirefox(environment: Environment = process.env): Browser | undefined {
  const names = ['firefox-esr', 'firefox'];
  return browser('firefox', environment['FIREFOX_PATH'] || onPath(names, environment));
}

function browser(kind: Browser['kind'], path: string | undefined): Browser | undefined {
  return path === undefined ? undefined : { kind, path };
}

function onPath(names: readonly string[], environment: Environment): string | undefined {
  const folders = (environment['PATH'] ?? '').split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
}

/** Where Playwright keeps its browsers, a folder for each version, unless PLAYWRIGHT_BROWSERS_PATH says otherwise. */
const caches: { readonly [platform in NodeJS.Platform]?: string } = {
  linux: '.cache/ms-playwright',
  darwin: 'Library/Caches/ms-playwright',
  win32: 'AppData/Local/ms-playwright',
};

/** Its program in such a folder; names of folders changed between versions. */
const programs = [
  'chrome-linux64/chrome',
  'chrome-linux/chrome',
  'chrome-mac/Chromium.app/Contents/MacOS/Chromium',
  'chrome-win64/chrome.exe',
  'chrome-win/chrome.exe',
];

function playwrights(environment: Environment): string | undefined {
  const home = environment['HOME'] ?? environment['USERPROFILE'] ?? homedir();
  const root =
    environment['PLAYWRIGHT_BROWSERS_PATH'] || join(home, caches[process.platform] ?? '.cache/ms-playwright');
  let names: string[];
  try {
    names = readdirSync(root);
  } catch {
    return undefined;
  }
  const version = (name: string): number => Number(name.slice('chromium-'.length));
  return names
    .filter((name) => /^chromium-\d+$/.test(name))
    .sort((a, b) => version(b) - version(a))
    .flatMap((name) => programs.map((program) => join(root, name, program)))
    .find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
