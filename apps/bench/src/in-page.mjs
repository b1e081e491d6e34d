// `npm run bench -- --page`: the same benchmark in a real Chromium, isolated so that its clock is fine.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseResult, toText } from '@halftone/bench';
import { askPage, findChromium } from '@halftone/browsers';

/** How long the page may take. */
const SECONDS = 3600;

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
  const asked = new URLSearchParams({ quick, peers, filter, commit: commit ?? '' });
  process.once('SIGINT', () => process.exit(130));
  const answer = await askPage(chromium, {
    folders: { '/peers/': join(here, 'node_modules'), '/': root },
    isolated: true,
    page: `/apps/bench/page/index.html?${asked}`,
    seconds: SECONDS,
    onPost: (_, text) => {
      if (live) process.stderr.write(`\r\x1b[2K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
    },
  }).then(JSON.parse, (error) => ({ error: error.message }));
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
