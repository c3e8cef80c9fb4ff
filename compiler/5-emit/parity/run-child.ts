import { spawn } from 'node:child_process';

const timeLimit = 120_000;

/**
 * Runs an ES module's text in a Node process of its own and returns what its `answer(request)` resolves to. Requests and
 * answers may hold typed arrays. Rejects with the child's error.
 * @param flags for Node, such as V8's
 * @param script defines `answer`
 */
export function runInChild(script: string, request: object, flags: readonly string[] = []): Promise<unknown> {
  const source = `${script}
process.once('message', async (request) => {
  const reply = await answer(request).then((answer) => ({ answer }), (error) => ({ error: String(error?.message ?? error) }));
  process.send(reply, () => process.disconnect());
});`;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...flags, '--input-type=module', '--eval', source], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
      timeout: timeLimit,
    });
    let errors = '';
    child.stderr?.on('data', (chunk) => {
      errors += chunk;
    });
    child.once('error', reject);
    child.once('message', (reply) => {
      if (typeof reply === 'object' && 'error' in reply) reject(new Error(String(reply.error)));
      else if (typeof reply === 'object' && 'answer' in reply) resolve(reply.answer);
    });
    child.once('close', (code, signal) => reject(new Error(`ended with ${signal ?? code}: ${errors.trim()}`)));
    child.send(request, (error) => error && reject(error));
  });
}
