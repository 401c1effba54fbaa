// `weft health`: asks a running proxy whether it is ready, for health checks in images without a shell or curl.
// Reads no configuration file: a check runs every few seconds and has to be cheap.

import { get } from 'node:http';
import { formatAddress, isWildcard, parseAddress } from '../../base/address.ts';
import { ProxyError, UsageError } from '../../base/errors.ts';
import { defaults } from '../../config/defaults.ts';
import { parseArguments, wholeNumber } from '../args.ts';

const timeoutMsDefault = 1_000;
const timeoutMsMax = 60_000;

export async function run(argv: string[]): Promise<number> {
  const args = parseArguments('health', argv);
  const given = args.values['admin'] || process.env['WEFT_ADMIN'];
  const where = target(given || defaults.adminAddress.value);
  const path = args.switches.has('live') ? '/live' : '/ready';
  const timeoutMs = wholeNumber(args, 'timeout', 1, timeoutMsMax) ?? timeoutMsDefault;
  const { status, text } = await ask(where, path, timeoutMs);
  process.stdout.write(`${text.trim()}\n`);
  return status === 200 ? 0 : 1;
}

interface Target {
  /** As messages name it. */
  readonly shown: string;
  readonly options: { readonly host: string; readonly port: number } | { socketPath: string };
}

/** A server on every address is asked on loopback. */
function target(text: string): Target {
  const parsed = parseAddress(text);
  if (!parsed.ok || (parsed.value.type !== 'unix' && parsed.value.port === 0)) {
    const problem = parsed.ok ? 'expected a port of 1 to 65535' : parsed.problem;
    throw new UsageError(
      `--admin ${text}: ${problem}. Write --admin ${defaults.adminAddress.value}.`,
    );
  }
  const address = parsed.value;
  if (address.type === 'unix') {
    return { shown: text, options: { socketPath: address.path } };
  }
  const loopback = address.type === 'ipv6' ? '::1' : '127.0.0.1';
  const host = isWildcard(address) ? loopback : address.host;
  return { shown: formatAddress({ ...address, host }), options: { host, port: address.port } };
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function ask({ shown, options }: Target, path: string, timeoutMs: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string, cause?: unknown): void => {
      const advice = 'Is the proxy running, with its admin server there?';
      const message = `no answer from ${shown}${path}: ${reason}. ${advice}`;
      reject(new ProxyError('ERR_ADMIN_UNREACHABLE', message, { cause }));
    };
    const signal = AbortSignal.timeout(timeoutMs);
    const request = get({ ...options, path, signal, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', (error) => fail(error.message, error));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on('error', (error) => {
      fail(signal.aborted ? `it took more than ${timeoutMs} ms` : error.message, error);
    });
  });
}
