import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from './find.ts';

/** Without background networking; WebGL by the CPU where there is no GPU. */
const chromiumFlags = [
  '--headless=new',
  '--no-sandbox',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-extensions',
];

/** What Firefox would ask, show or fetch when it starts for the first time. */
const firefoxPreferences: Readonly<Record<string, boolean | string>> = {
  'app.normandy.enabled': false,
  'app.update.enabled': false,
  'browser.aboutwelcome.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'extensions.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,',
  'toolkit.telemetry.enabled': false,
  'trailhead.firstrun.didSeeAboutWelcome': true,
};

function argumentsFor({ kind }: Browser, profile: string, url: string): string[] {
  if (kind === 'chromium') return [...chromiumFlags, `--user-data-dir=${profile}`, url];
  const lines = Object.entries(firefoxPreferences).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  );
  writeFileSync(join(profile, 'user.js'), lines.join(''));
  return ['--headless', '--no-remote', '--profile', profile, url];
}

/** A page in a browser of its own. */
export interface OpenPage {
  /** Resolves when the browser is gone: its exit code and the last that it said. */
  readonly ended: Promise<string>;
  close(): Promise<void>;
}

/** Opens an address in a browser without a window, with a profile that nobody used before. */
export function openPage(browser: Browser, url: string): OpenPage {
  const profile = mkdtempSync(join(tmpdir(), `halftone-${browser.kind}-`));
  // A group of its own: what a browser starts must not write on when it is gone.
  const child = spawn(browser.path, argumentsFor(browser, profile, url), {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const stop = (): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  };
  process.once('exit', stop);
  let said = '';
  child.stderr.on('data', (chunk) => (said = `${said}${String(chunk)}`.slice(-2000)));
  const ended = new Promise<string>((done) => {
    child.on('error', (error) => done(error.message));
    child.on('close', (code) => done(`exit code ${code}: ${said}`));
  });
  return {
    ended,
    async close() {
      process.off('exit', stop);
      stop();
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}
