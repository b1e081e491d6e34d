import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askPage, type Browser, findChromium, findFirefox, serve } from '@halftone/browsers';
import { build, createServer, preview } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeBlocks, install, packAll } from '../src/install.ts';

/** As a user writes it, and what a test wants to know in the end. */
const script = `
import { openBackend, quantizeTensor, tensor } from '@halftone/core';
import wasm from '@halftone/backend-wasm';

async function work() {
  const backend = await openBackend(wasm, { threads: 2 });
  const x = quantizeTensor(tensor('float32', [0, 51, 102, 255], [2, 2]), { dtype: 'uint8' });
  const { data } = await backend.qgemm(x, x);
  const { device } = backend;
  await backend.dispose();
  return { device, data: [...data] };
}

const answer = await work().catch((error) => ({ error: error.code + ': ' + error.message }));
const loaded = performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname);
const to = new URLSearchParams(location.search).get('post');
await fetch(to, { method: 'POST', body: JSON.stringify({ ...answer, loaded }) });
`;

/** Posts what a page of a README says as soon as it says it. */
const reporter = `
addEventListener('error', ({ message }) => document.body.append(message));
const timer = setInterval(() => {
  const said = [...document.body.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE);
  const text = said.map(({ data }) => data).join('').trim();
  if (text === '') return;
  clearInterval(timer);
  void fetch(new URLSearchParams(location.search).get('post'), { method: 'POST', body: text });
}, 20);
`;

const isolating = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

interface Answer {
  readonly error?: string;
  readonly device?: string;
  readonly data?: readonly number[];
  /** Paths of everything that the page loaded. */
  readonly loaded: readonly string[];
}

const folders: string[] = [];
let folder = '';

beforeAll(async () => {
  const packed = await mkdtemp(join(tmpdir(), 'halftone-packed-'));
  folders.push(packed);
  const installed = await install(['@halftone/core', '@halftone/backend-wasm'], await packAll(packed));
  ({ folder } = installed);
  folders.push(folder);
  await writeFile(join(folder, 'main.js'), script);
  await writeFile(
    join(folder, 'index.html'),
    '<!doctype html><script type="module" src="./main.js"></script>',
  );
  const page = (await codeBlocks('packages/backend-wasm/README.md', 'html')).join('');
  await writeFile(join(folder, 'readme.html'), `<!doctype html><body>${page}<script>${reporter}</script>`);
  const map = page.slice(0, page.indexOf('</script>'));
  await writeFile(
    join(folder, 'plain.html'),
    `<!doctype html>${map}</script><script type="module" src="./main.js"></script>`,
  );
}, 300_000);
afterAll(async () => {
  for (const each of folders) await rm(each, { recursive: true, force: true });
});

async function open(browser: Browser, address: string): Promise<Answer> {
  const page = (posts: string): string => `${address}?post=${posts}/result`;
  return JSON.parse(await askPage(browser, { folders: {}, page })) as Answer;
}

/** The product of the README, on so many threads, of one file of wasm/ and no text of modules. */
function expectAnswer(answer: Answer, threads: 1 | 2): void {
  expect(answer.error).toBeUndefined();
  expect(answer.data).toEqual(product);
  expect(answer.device).toMatch(threads === 2 ? /, 2 threads$/ : /, 1 thread \(.*isolated/);
  const modules = answer.loaded.filter((path) => path.endsWith('.wasm'));
  expect(modules).toHaveLength(1);
  expect(modules[0]!.includes('threads')).toBe(threads === 2);
  expect(answer.loaded.filter((path) => path.includes('inline'))).toEqual([]);
}

// The codes of 0 to 255 are these numbers themselves.
const product = [51 * 102, 51 * 255, 255 * 102, 102 * 51 + 255 * 255];

const browsers = [findChromium(), findFirefox()].filter((browser) => browser !== undefined);

describe.skipIf(browsers.length === 0).each(browsers)('packed packages, in $kind', (browser) => {
  it.each([1, 2] as const)(
    "work in Vite's development server, on %i threads",
    async (threads) => {
      const headers = threads === 2 ? isolating : {};
      const server = await createServer({
        configFile: false,
        root: folder,
        logLevel: 'error',
        server: { host: '127.0.0.1', headers },
      });
      await server.listen();
      try {
        expectAnswer(await open(browser, server.resolvedUrls!.local[0]!), threads);
      } finally {
        await server.close();
      }
    },
    120_000,
  );

  it.each([1, 2] as const)(
    'work in what Vite builds, on %i threads',
    async (threads) => {
      await build({ configFile: false, root: folder, logLevel: 'error' });
      const headers = threads === 2 ? isolating : {};
      const server = await preview({
        configFile: false,
        root: folder,
        logLevel: 'error',
        preview: { host: '127.0.0.1', headers },
      });
      try {
        expectAnswer(await open(browser, server.resolvedUrls!.local[0]!), threads);
      } finally {
        await server.close();
      }
    },
    120_000,
  );

  it.each([1, 2] as const)(
    'work in a page without a bundler, on %i threads',
    async (threads) => {
      const { address, close } = await serve({ folders: { '/': folder }, isolated: threads === 2 });
      try {
        expectAnswer(await open(browser, `${address}/plain.html`), threads);
      } finally {
        close();
      }
    },
    120_000,
  );

  it('run the page of the README as printed', async () => {
    const { address, close } = await serve({ folders: { '/': folder } });
    try {
      const page = (posts: string): string => `${address}/readme.html?post=${posts}/result`;
      expect(await askPage(browser, { folders: {}, page })).toMatch(/^WebAssembly, .*SIMD, 1 thread/);
    } finally {
      close();
    }
  }, 120_000);

  it.each([
    ["script-src 'self' 'unsafe-inline'", /^HT_UNAVAILABLE/],
    ["script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; worker-src 'self'", /, 1 thread \(/],
    ["script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; worker-src blob:", /, 2 threads$/],
  ])(
    'run as far as the policy %s lets them',
    async (policy, said) => {
      const meta = `<meta http-equiv="Content-Security-Policy" content="${policy}">`;
      const plain = await readFile(join(folder, 'plain.html'), 'utf8');
      await writeFile(
        join(folder, 'policy.html'),
        plain.replace('<!doctype html>', `<!doctype html>${meta}`),
      );
      const { address, close } = await serve({ folders: { '/': folder }, isolated: true });
      try {
        const { error, device } = await open(browser, `${address}/policy.html`);
        expect(error ?? device).toMatch(said);
      } finally {
        close();
      }
    },
    120_000,
  );

  it('work where the build loses the modules and the server answers a page instead', async () => {
    const outDir = join(folder, 'lost');
    await build({ configFile: false, root: folder, logLevel: 'error', build: { outDir } });
    for (const name of await readdir(join(outDir, 'assets')))
      if (name.endsWith('.wasm')) await cp(join(outDir, 'index.html'), join(outDir, 'assets', name));
    const { address, close } = await serve({ folders: { '/': outDir }, isolated: true });
    try {
      const answer = await open(browser, `${address}/index.html`);
      expect([answer.error, answer.data]).toEqual([undefined, product]);
      expect(answer.device).toMatch(/2 threads$/);
      expect(answer.loaded.filter((path) => path.includes('inline'))).toHaveLength(1);
    } finally {
      close();
    }
  }, 120_000);
});

describe('what Vite builds', () => {
  it('has each module once, as a file, and their text in a chunk of its own', async () => {
    await build({ configFile: false, root: folder, logLevel: 'error' });
    const assets = join(folder, 'dist', 'assets');
    const names = await readdir(assets);
    expect(names.filter((name) => name.endsWith('.wasm'))).toHaveLength(4);
    const scripts = names.filter((name) => name.endsWith('.js'));
    const texts = await Promise.all(scripts.map((name) => readFile(join(assets, name), 'utf8')));
    expect(texts.filter((text) => text.includes('AGFzbQ'))).toHaveLength(1);
    expect(scripts.filter((name) => name.startsWith('index'))).toHaveLength(1);
    expect(texts[scripts.findIndex((name) => name.startsWith('index'))]).not.toContain('AGFzbQ');
  }, 120_000);
});
