import { makeTransfer } from './transfer.ts';

const style = `body { font: 1.1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 36rem; padding: 0 1rem }
iframe { border: 0; height: 1px; width: 1px } .warning { color: #a40 }`;

/** What a device opens: joins, then runs one job after another, each in a frame of its own. */
export const devicePage = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>lcc measures here</title><style>${style}</style>
<h1>lcc measures here</h1>
<p>Keep this page in the foreground and the screen on.</p>
<p id="secure" class="warning" hidden>This page came over plain http, where browsers hide WebGPU: only wasm is measured.</p>
<p id="state">Joining ...</p><ol id="jobs"></ol>
<script type="module" src="client.js"></script></html>`;

export const deviceScript = `const state = document.querySelector('#state');
const say = (text) => { state.textContent = text; };
document.querySelector('#secure').hidden = isSecureContext;

async function runJob({ id }) {
  const line = document.createElement('li');
  line.textContent = 'measuring ...';
  document.querySelector('#jobs').append(line);
  const start = performance.now();
  const frame = document.createElement('iframe');
  frame.src = '/lcc-frame.html?job=' + id;
  document.body.append(frame);
  while ((await fetch('/lcc-over?job=' + id)).status === 204);
  frame.remove();
  line.textContent = 'measured in ' + ((performance.now() - start) / 1000).toFixed(1) + ' s';
}

async function work() {
  const join = await fetch('join', { method: 'POST', body: JSON.stringify({ userAgent: navigator.userAgent }) });
  if (!join.ok) return say(await join.text());
  navigator.wakeLock?.request('screen').catch(() => {});
  for (;;) {
    say('Waiting for work ...');
    const answer = await fetch('/lcc-next');
    if (answer.status === 204) continue;
    if (!answer.ok) return say('Done. You may close this page.');
    say('Measuring ...');
    await runJob(await answer.json());
  }
}

work().catch(() => say('The connection is closed. You may close this page.'));`;

/** One job: a document of its own has no modules, workers or memory of the job before. */
export const framePage = '<!doctype html><meta charset="utf-8"><script type="module" src="/lcc-start.js"></script>';

/** Lines of the console that a result carries, and characters of a line. */
const logLimits = { lines: 200, characters: 2000 };

export const frameScript = `const transfer = (${makeTransfer.toString()})();
const log = [];
const note = (text) => { if (log.length < ${logLimits.lines}) log.push(String(text).slice(0, ${logLimits.characters})); };
for (const level of ['debug', 'log', 'info', 'warn', 'error']) {
  const print = console[level].bind(console);
  console[level] = (...parts) => { note(parts.join(' ')); print(...parts); };
}
addEventListener('error', (event) => note(event.message));
const job = new URLSearchParams(location.search).get('job');
const post = (result) => fetch('/lcc-result?job=' + job, { method: 'POST', body: JSON.stringify({ ...result, log }) });
try {
  const argument = transfer.decode(await (await fetch('/lcc-argument')).json());
  const page = await import('/lcc-page.js');
  await post({ kind: 'returned', value: transfer.encode(await page.default(argument)) });
} catch (error) {
  await post({ kind: 'threw', reason: String(error) });
}`;
