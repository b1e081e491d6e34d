import type { Browser } from './find.ts';
import { openPage } from './open-page.ts';
import { serve, type ServeOptions } from './serve.ts';

/** A page, and where its answer is awaited. */
export interface Question extends ServeOptions {
  /**
   * Path of the page, with its query, or a function that is told where the folders are served and gives a page of another
   * server. It posts its answer to `/result`; `onPost` gets what it posts elsewhere.
   */
  readonly page: string | ((address: string) => string);
  /** How long to wait for the answer; default 50, less than tests wait. */
  readonly seconds?: number | undefined;
}

/** Serves folders, opens a page of them, and gives the text that it posts; throws where the browser ends before, or never answers. */
export async function askPage(browser: Browser, question: Question): Promise<string> {
  const { page, seconds = 50, onPost } = question;
  let arrived: (text: string) => void = () => {};
  const answer = new Promise<string>((done) => (arrived = done));
  const served = await serve({
    ...question,
    onPost: (path, text) => (path === '/result' ? arrived(text) : onPost?.(path, text)),
  });
  const url = typeof page === 'string' ? served.address + page : page(served.address);
  const opened = openPage(browser, url);
  let timer: NodeJS.Timeout | undefined;
  try {
    const failed = (reason: string): never => {
      throw new Error(`${browser.kind}, ${url}: ${reason}`);
    };
    return await Promise.race([
      answer,
      opened.ended.then((reason) => failed(`the browser ended early, ${reason}`)),
      new Promise<string>((done) => {
        timer = setTimeout(() => done('no answer'), seconds * 1000);
      }).then((reason) => failed(`${reason} in ${seconds} seconds`)),
    ]);
  } finally {
    clearTimeout(timer);
    await opened.close();
    served.close();
  }
}
