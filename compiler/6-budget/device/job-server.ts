import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { browserOf } from '../browser/browser-of.ts';
import { answerFrom, type PageRun, type Site } from '../browser/index.ts';
import { isolation } from '../browser/isolation.ts';
import type { RunPage } from './device.ts';
import { type JobQueue, type JobResult, makeJobQueue } from './job-queue.ts';
import { devicePage, deviceScript, framePage, frameScript } from './pages.ts';
import { makeTransfer } from './transfer.ts';

export interface JobServer {
  /** of the page to open: `/<token>/` */
  readonly path: string;
  readonly listener: RequestListener;
  /** the browser of the first device that opened the page */
  readonly joined: Promise<string>;
  readonly run: RunPage;
  /** Tells the device that there is no more work. */
  end(): void;
}

const cookieName = 'lcc-device';
/** Bytes of a request's body at most. */
const bodyLimits = { join: 4 << 10, result: 64 << 20 };
const headers = { ...isolation, 'referrer-policy': 'no-referrer' };
const plainText = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', ...headers };
const transfer = makeTransfer();

/**
 * Hands page jobs to one device. The page lies under a random token; the first device that runs it gets a cookie, which
 * all else asks for: whoever has neither is told nothing. A second device is refused while the first answers.
 */
export function makeJobServer({ isSecure }: { readonly isSecure: boolean }): JobServer {
  const path = `/${randomBytes(16).toString('hex')}/`;
  const queue = makeJobQueue();
  let secret: string | undefined;
  let tellJoined: (browser: string) => void = () => {};
  const joined = new Promise<string>((resolve) => {
    tellJoined = resolve;
  });

  const join = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const isSame = secret !== undefined && cookieOf(request) === secret;
    if (secret !== undefined && !isSame && queue.isAttended()) {
      response.writeHead(409, plainText).end('Another device measures already.');
      return;
    }
    const browser = browserOf(userAgentOf(await readBody(request, bodyLimits.join)));
    secret = randomBytes(16).toString('hex');
    const attributes = `Path=/; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
    response.writeHead(200, { ...plainText, 'set-cookie': `${cookieName}=${secret}; ${attributes}` }).end('joined');
    queue.attend();
    tellJoined(browser);
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (isEqual(url.pathname.slice(0, path.length), path)) {
      const rest = url.pathname.slice(path.length);
      if (rest === 'join' && request.method === 'POST') await join(request, response);
      else await answerFrom(joinSite, `/${rest}`, response);
      return;
    }
    const cookie = cookieOf(request);
    if (secret === undefined || cookie === undefined || !isEqual(cookie, secret)) {
      response.writeHead(404, plainText).end();
      return;
    }
    await handleDevice(queue, request, response, url);
  };

  return {
    path,
    joined,
    run: (run) => queue.add(run),
    end: () => queue.end(),
    listener: (request, response) => {
      handle(request, response).catch((error: unknown) => {
        if (!response.headersSent) response.writeHead(error instanceof RangeError ? 413 : 400, plainText);
        response.end();
      });
    },
  };
}

const joinSite: Site = { files: { '/index.html': devicePage, '/client.js': deviceScript }, headers };

async function handleDevice(
  queue: JobQueue,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  queue.attend();
  const id = url.searchParams.get('job') ?? '';
  switch (url.pathname) {
    case '/lcc-next': {
      const next = await queue.next();
      if (typeof next === 'object') {
        response.writeHead(200, { ...headers, 'content-type': 'application/json', 'cache-control': 'no-store' });
        response.end(JSON.stringify(next));
      } else response.writeHead(next === 'ended' ? 410 : 204, plainText).end();
      return;
    }
    case '/lcc-over':
      response.writeHead((await queue.over(id)) ? 200 : 204, plainText).end();
      return;
    case '/lcc-result': {
      const result = parseResult(await readBody(request, bodyLimits.result));
      response.writeHead(queue.settle(id, result) ? 200 : 410, plainText).end();
      return;
    }
    default: {
      const run = queue.current();
      if (run === undefined) response.writeHead(404, plainText).end();
      else await answerFrom(siteOf(run), request.url ?? '/', response);
    }
  }
}

function siteOf(run: PageRun): Site {
  return {
    folders: run.folders ?? {},
    headers: { ...headers, ...run.headers },
    files: {
      '/lcc-frame.html': framePage,
      '/lcc-start.js': frameScript,
      '/lcc-page.js': run.module,
      '/lcc-argument': JSON.stringify(transfer.encode(run.argument)),
      ...run.files,
    },
  };
}

function parseResult(text: string): JobResult {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null || !('kind' in parsed)) throw new TypeError('not a result');
  const log = 'log' in parsed && Array.isArray(parsed.log) ? parsed.log.map(String) : [];
  if (parsed.kind === 'returned')
    return { kind: 'returned', log, value: transfer.decode('value' in parsed ? parsed.value : null) };
  return { kind: 'threw', log, reason: 'reason' in parsed ? String(parsed.reason) : 'no reason' };
}

function userAgentOf(text: string): string {
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === 'object' && parsed !== null && 'userAgent' in parsed ? String(parsed.userAgent) : '';
}

/** @throws RangeError for a body over `limit` bytes */
async function readBody(request: IncomingMessage, limit: number): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += part.length;
    if (bytes > limit) throw new RangeError('the body is too large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

function cookieOf(request: IncomingMessage): string | undefined {
  const pairs = (request.headers.cookie ?? '').split(/; */).map((pair) => pair.split('='));
  return pairs.find(([name]) => name === cookieName)?.[1];
}

/** In a time that does not tell how much of it is right. */
const isEqual = (given: string, expected: string): boolean =>
  Buffer.byteLength(given) === Buffer.byteLength(expected) &&
  timingSafeEqual(Buffer.from(given), Buffer.from(expected));
