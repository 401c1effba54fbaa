// Asks a running proxy's admin server what it does. Bounded in time and size; a failure is one sentence.

import { request } from 'node:http';
import type { ClusterReport } from '../../admin/view.ts';
import { type Address, formatAddress } from '../../base/address.ts';
import { ProxyError } from '../../base/errors.ts';
import type { RequestTotals } from '../../metrics/request-totals.ts';

/** What /clusters and /routes answer. */
export interface Answer {
  readonly clusters: readonly ClusterReport[];
  /** There are more endpoints than the server shows. */
  readonly truncated: boolean;
  /** Upper bounds of all but the last of the latencyCounts. */
  readonly latencyBoundsMs: readonly number[];
  readonly routes: readonly RequestTotals[];
}

const timeoutMs = 5_000;
/** 100,000 endpoints, the most that the server shows, are some 60 MB. */
const bytesMax = 256 * 1024 * 1024;

/** Throws a ProxyError with ERR_ADMIN_UNREACHABLE. */
export async function ask(admin: Address): Promise<Answer> {
  const where = formatAddress(admin);
  let texts: readonly string[];
  try {
    texts = await Promise.all(['/clusters', '/routes'].map((path) => get(admin, path)));
  } catch (error) {
    throw unreachable(where, reasonOf(error), error);
  }
  try {
    return checked(Object.assign({}, ...texts.map((text) => JSON.parse(text))));
  } catch (error) {
    throw unreachable(where, 'what answers there is no Weft', error);
  }
}

function checked(answer: unknown): Answer {
  const { clusters, routes } = answer as { readonly clusters?: unknown; readonly routes?: unknown };
  if (!Array.isArray(clusters) || !Array.isArray(routes)) {
    throw new Error('no clusters or no routes');
  }
  return answer as Answer;
}

function get(admin: Address, path: string): Promise<string> {
  const target =
    admin.type === 'unix' ? { socketPath: admin.path } : { host: admin.host, port: admin.port };
  const host = admin.type === 'unix' ? 'localhost' : formatAddress(admin);
  const options = { ...target, path, agent: false, timeout: timeoutMs, headers: { host } };
  return new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('error', reject);
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        chunks.push(chunk);
        if (size > bytesMax) {
          sent.destroy(new Error('the answer is too long'));
        }
      });
      response.on('end', () => {
        if (response.statusCode === 200) {
          resolve(Buffer.concat(chunks).toString('utf8'));
        } else {
          reject(new Error(`it answered with ${response.statusCode}`));
        }
      });
    });
    sent.on('error', reject);
    sent.on('timeout', () => sent.destroy(new Error('it does not answer')));
    // A server that sends a byte now and then is never silent.
    const deadline = setTimeout(() => sent.destroy(new Error('it is too slow')), 2 * timeoutMs);
    sent.on('close', () => clearTimeout(deadline));
    sent.end();
  });
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'nobody listens there',
    ENOENT: 'there is no such socket',
    EACCES: 'no permission for it',
    ECONNRESET: 'the connection was reset',
    EHOSTUNREACH: 'there is no way to it',
    ENETUNREACH: 'there is no way to it',
  };
  return reasons[code ?? ''] ?? message;
}

function unreachable(where: string, reason: string, cause: unknown): ProxyError {
  return new ProxyError(
    'ERR_ADMIN_UNREACHABLE',
    `no answer from the admin server at ${where}: ${reason}. ` +
      'Name the admin address of the running proxy with --admin.',
    { cause },
  );
}
