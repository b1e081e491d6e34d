import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A browser on this machine. */
export interface Browser {
  readonly kind: 'chromium' | 'firefox';
  /** Path of its program. */
  readonly path: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Chromium: CHROMIUM_PATH, else the first of the usual names on PATH, else undefined. */
export function findChromium(environment: Environment = process.env): Browser | undefined {
  const names = ['chromium', 'google-chrome', 'chromium-browser'];
  return browser('chromium', environment['CHROMIUM_PATH'] || onPath(names, environment));
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
  const paths = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
