import { createReadStream, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, posix } from 'node:path';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

export interface ServeOptions {
  /** Folders by the beginning of the paths that they answer, such as `/`; the first that fits does. */
  readonly folders: Readonly<Record<string, string>>;
  /** Pages are cross-origin isolated: they get shared memory and a fine clock. Default false. */
  readonly isolated?: boolean | undefined;
  /** Gets what pages post, theirs or of other origins. */
  readonly onPost?: ((path: string, text: string) => void) | undefined;
}

export interface Served {
  /** Without a slash at its end. */
  readonly address: string;
  readonly close: () => void;
}

/** Serves folders on this machine alone, at a port that is free. */
export async function serve({ folders, isolated = false, onPost }: ServeOptions): Promise<Served> {
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const path = posix.normalize(decodeURIComponent(new URL(request.url!, 'http://page').pathname));
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('cross-origin-resource-policy', 'cross-origin');
    if (isolated) {
      response.setHeader('cross-origin-opener-policy', 'same-origin');
      response.setHeader('cross-origin-embedder-policy', 'require-corp');
    }
    if (request.method === 'POST') {
      let text = '';
      request.on('data', (chunk) => (text += String(chunk)));
      request.on('end', () => {
        response.end();
        onPost?.(path, text);
      });
      return;
    }
    const start = Object.keys(folders).find((prefix) => path.startsWith(prefix));
    const file = start === undefined ? undefined : join(folders[start]!, path.slice(start.length));
    if (file === undefined || !statSync(file, { throwIfNoEntry: false })?.isFile())
      return void response.writeHead(404).end();
    response.setHeader('content-type', types[extname(file)] ?? 'application/octet-stream');
    createReadStream(file).pipe(response);
  };
  const server = createServer(answer);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
