import { execFileSync, spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../src/index.ts';

const packages = fileURLToPath(new URL('../../', import.meta.url));
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
};

/** A Chromium, where there is one. */
function findChromium(): string | undefined {
  const { CHROMIUM_PATH } = process.env;
  if (CHROMIUM_PATH) return CHROMIUM_PATH;
  for (const name of ['chromium', 'google-chrome', 'chromium-browser']) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    } catch {
      continue;
    }
  }
  return undefined;
}

const chromium = findChromium();

describe.skipIf(chromium === undefined)('the page, in Chromium', () => {
  let server: Server;
  let address = '';
  let arrived: (report: Report) => void = () => {};
  const profile = mkdtempSync(join(tmpdir(), 'conformance-page-'));

  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.method === 'POST') {
        let text = '';
        request.on('data', (chunk) => (text += String(chunk)));
        request.on('end', () => {
          response.end();
          arrived(JSON.parse(text) as Report);
        });
        return;
      }
      const path = normalize(new URL(request.url!, 'http://page').pathname);
      readFile(join(packages, path)).then(
        (bytes) => response.setHeader('content-type', types[extname(path)] ?? 'text/plain').end(bytes),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(async () => {
    server.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 10 });
  });

  async function open(query: string): Promise<Report> {
    const report = new Promise<Report>((resolve) => {
      arrived = resolve;
    });
    const url = `${address}/conformance/page/index.html?post=/report&${query}`;
    const args = [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-extensions',
      `--user-data-dir=${profile}`,
      url,
    ];
    // A group of its own: what a browser starts must not write on when it is gone.
    const browser = spawn(chromium!, args, { stdio: 'ignore', detached: true });
    const closed = new Promise((done) => browser.on('close', done));
    try {
      return await report;
    } finally {
      process.kill(-browser.pid!, 'SIGKILL');
      await closed;
    }
  }

  test('the reference is complete there too, to the bit', async () => {
    const report = await open('backend=/backend-reference/dist/index.js');
    expect(report.variants.flatMap(({ failures }) => failures)).toEqual([]);
    expect([report.backend, report.verdict]).toEqual(['reference', 'complete']);
    expect(report.cases).toBeGreaterThan(2000);
  });

  test('a wrong backend fails, and what is none says so', async () => {
    const wrong = await open('backend=/conformance/test/fixtures/signless.mjs&grep=lut256');
    expect(wrong.variants[0]!.failures[0]!.case).toMatch(/^lut256\//);
    expect(await open('backend=/conformance/test/fixtures/number.mjs')).toMatchObject({ verdict: 'failed' });
  });
});
