// `npm run bench -- --page`: the same benchmark in a real Chromium, isolated so that its clock is fine.
import { execFileSync, spawn } from 'node:child_process';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, extname, join, normalize, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseResult, toText } from '@halftone/bench';

const types = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** Without background networking and with a profile of its own; WebGL by the CPU where there is no GPU. */
const flags = [
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

/** A Chromium, where there is one. */
export function findChromium() {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH;
  for (const name of ['chromium', 'google-chrome', 'chromium-browser']) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    } catch {
      continue;
    }
  }
  return undefined;
}

/** Runs the page to its end and gives the result that it posts. */
async function runPage({ root, here, query, chromium, onProgress = () => {} }) {
  const folders = { '/peers/': join(here, 'node_modules'), '/': root };
  let arrived;
  const result = new Promise((done) => (arrived = done));
  const server = createServer((request, response) => {
    response.setHeader('cross-origin-opener-policy', 'same-origin');
    response.setHeader('cross-origin-embedder-policy', 'require-corp');
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://page').pathname));
    if (request.method === 'POST') {
      let text = '';
      request.on('data', (chunk) => (text += String(chunk)));
      request.on('end', () => {
        response.end();
        if (path === '/progress') onProgress(text);
        else arrived(text);
      });
      return;
    }
    const [prefix, folder] = Object.entries(folders).find(([start]) => path.startsWith(start));
    const file = join(folder, path.slice(prefix.length));
    if (!existsSync(file) || !statSync(file).isFile()) return void response.writeHead(404).end();
    response.setHeader('content-type', types[extname(file)] ?? 'application/octet-stream');
    createReadStream(file).pipe(response);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const profile = mkdtempSync(join(tmpdir(), 'halftone-bench-'));
  const url = `http://127.0.0.1:${server.address().port}/apps/bench/page/index.html?${new URLSearchParams(query)}`;
  // A group of its own: what a browser starts must not write on when it is gone.
  const browser = spawn(chromium, [...flags, `--user-data-dir=${profile}`, url], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const stop = () => {
    if (browser.pid === undefined) return;
    try {
      process.kill(-browser.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  };
  process.once('exit', stop);
  process.once('SIGINT', () => process.exit(130));
  let said = '';
  browser.stderr.on('data', (chunk) => (said = `${said}${chunk}`.slice(-2000)));
  const closed = new Promise((done) => browser.on('close', done));
  try {
    const ended = closed.then((code) =>
      JSON.stringify({ error: `the browser ended early (${code}): ${said}` }),
    );
    const text = await Promise.race([result, ended]);
    return JSON.parse(text);
  } finally {
    stop();
    await closed;
    server.closeAllConnections();
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** The command: options as in Node, as far as they mean something in a page. */
export async function benchInPage(args, { root, here, commit, stamp }) {
  let options;
  try {
    options = parseArgs({
      args,
      options: {
        page: { type: 'boolean' },
        quick: { type: 'boolean' },
        peers: { type: 'boolean' },
        filter: { type: 'string' },
        out: { type: 'string' },
      },
    }).values;
  } catch (error) {
    console.error(`bench --page: ${error.message}; it takes --quick, --peers, --filter and --out`);
    process.exitCode = 2;
    return;
  }
  const chromium = findChromium();
  if (chromium === undefined) {
    console.error('bench --page: there is no Chromium here; install one, or name it in CHROMIUM_PATH');
    process.exitCode = 3;
    return;
  }
  const live = process.stderr.isTTY && !process.env.CI;
  const { quick = false, peers = false, filter = '' } = options;
  const answer = await runPage({
    root,
    here,
    chromium,
    query: { quick, peers, filter, commit: commit ?? '' },
    onProgress: (text) => {
      if (live) process.stderr.write(`\r\x1b[2K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
    },
  });
  if (live) process.stderr.write('\r\x1b[2K');
  if (answer.error) {
    console.error(`bench --page: ${answer.error}`);
    process.exitCode = 1;
    return;
  }
  const result = parseResult(answer, 'what the page posted');
  const out = resolve(options.out ?? join(root, 'out', 'bench', `${stamp}-page.json`));
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(result, null, 1)}\n`);
  console.log(toText(result));
  console.log(`written to ${out}`);
}
