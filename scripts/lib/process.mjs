import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { root } from './paths.mjs';

/** Ends the command with one sentence and an exit code, without a stack trace. */
export class Stop extends Error {
  constructor(message, code = 1) {
    super(message);
    this.code = code;
  }
}

const isWindows = process.platform === 'win32';

// There every program runs through a shell, because npm and pnpm are .cmd files; a shell splits at spaces.
const quoted = (text) => (isWindows && /\s/.test(text) ? `"${text}"` : text);

/**
 * Runs a program in the repository root and resolves to its exit code.
 * A signal that reaches this process ends the child first, and then this process with 128 + signal.
 */
export function run(file, args, { env = {}, quiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(quoted(file), args.map(quoted), {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: quiet ? ['ignore', 'pipe', 'ignore'] : 'inherit',
      shell: isWindows,
    });
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => (output += text));

    let received;
    const pass = (signal) => {
      received = signal;
      // A terminal has already sent Ctrl-C to the whole group; twice makes some programs skip their clean-up.
      if (!(signal === 'SIGINT' && process.stdin.isTTY)) child.kill(signal);
    };
    const signals = ['SIGINT', 'SIGTERM'];
    for (const signal of signals) process.on(signal, pass);

    const settle = (act) => {
      for (const signal of signals) process.off(signal, pass);
      act();
    };
    child.on('error', (error) =>
      settle(() => reject(new Stop(`${file} could not be started: ${error.message}.`))),
    );
    child.on('close', (code, signal) => {
      const ended = received ?? (signal === 'SIGINT' ? signal : undefined);
      settle(() => {
        if (ended) reject(new Stop('Interrupted.', 128 + constants.signals[ended]));
        else resolve(quiet ? { code: code ?? 1, output } : (code ?? 1));
      });
    });
  });
}

/** Runs npm: the one that started this script where there is one, else the one on PATH. */
export function runNpm(args, options) {
  const script = process.env.npm_execpath;
  return script?.endsWith('npm-cli.js')
    ? run(process.execPath, [script, ...args], options)
    : run('npm', args, options);
}
