import { webDriverFailed } from '../../diagnostics/device.ts';
import { LccError } from '../../diagnostics/index.ts';
import { localAddresses, loopback } from './addresses.ts';
import type { Device } from './device.ts';
import { openRemote, type RemoteOptions } from './remote.ts';

export type Capabilities = Readonly<Record<string, unknown>>;

/** Seconds that a device may take to open the page, a farm's that must boot first too. */
const patience = 120;

/**
 * A browser behind a WebDriver endpoint (W3C WebDriver, 8.1 and 10.1): a session of it opens the page that a phone would.
 * @param url such as `http://localhost:9515`; a name and a password in it are sent as they are
 * @throws LccError LCC6207 when the endpoint refuses, LCC6205 when its browser does not reach this machine
 */
export async function openWebDriver(
  url: string,
  { capabilities = {}, ...serving }: RemoteOptions & { readonly capabilities?: Capabilities } = {},
): Promise<Device> {
  const endpoint = parseEndpoint(url);
  const host = serving.host ?? (isLoopback(endpoint.base) ? loopback : localAddresses()[0]);
  const remote = await openRemote({ ...serving, ...(host === undefined ? {} : { host }) });
  let session: string | undefined;
  const close = async (): Promise<void> => {
    try {
      if (session !== undefined) await send(endpoint, 'DELETE', `/session/${session}`);
    } finally {
      await remote.close();
    }
  };
  try {
    session = sessionIdOf(
      await send(endpoint, 'POST', '/session', {
        capabilities: { alwaysMatch: { acceptInsecureCerts: true, ...capabilities } },
      }),
    );
    if (session === undefined) throw webDriverFailed(endpoint.base, 'it opened no session.');
    await send(endpoint, 'POST', `/session/${session}/url`, { url: remote.addresses[0] });
    const { name, run } = await remote.device(patience);
    return { name, run, close };
  } catch (error) {
    await close().catch(() => {});
    throw error;
  }
}

interface Endpoint {
  /** without name and password, no slash at the end */
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
}

function parseEndpoint(url: string): Endpoint {
  if (!URL.canParse(url)) throw webDriverFailed(url, 'this is not a URL.');
  const { username, password, ...parts } = urlParts(new URL(url));
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  return { base: parts.base, headers: username === '' ? headers : { ...headers, authorization: `Basic ${login}` } };
}

const urlParts = ({ username, password, origin, pathname }: URL) => ({
  username,
  password,
  base: `${origin}${pathname}`.replace(/\/+$/, ''),
});

const isLoopback = (base: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(base).hostname);

/** The value of the answer. @throws LccError LCC6207 */
async function send({ base, headers }: Endpoint, method: string, path: string, body?: unknown): Promise<unknown> {
  try {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const response = await fetch(`${base}${path}`, { method, headers, ...(text === undefined ? {} : { body: text }) });
    const value = contentOf(await response.json());
    if (!response.ok) throw webDriverFailed(base, messageOf(value) ?? `it answered ${response.status}.`);
    return value;
  } catch (error) {
    if (error instanceof LccError) throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw webDriverFailed(base, cause instanceof Error ? cause.message : String(cause));
  }
}

const contentOf = (answer: unknown): unknown =>
  typeof answer === 'object' && answer !== null && 'value' in answer ? answer.value : undefined;

const messageOf = (value: unknown): string | undefined =>
  typeof value === 'object' && value !== null && 'message' in value ? String(value.message).split('\n')[0] : undefined;

const sessionIdOf = (value: unknown): string | undefined =>
  typeof value === 'object' && value !== null && 'sessionId' in value ? String(value.sessionId) : undefined;
