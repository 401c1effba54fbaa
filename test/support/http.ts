// A small HTTP client for tests: the whole answer as one object, with nothing followed or retried.

import { type IncomingHttpHeaders, request } from 'node:http';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly raw: Buffer;
  readonly text: string;
}

export interface HttpQuestion {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** `address` is 'host:port'. */
export function http(
  address: string,
  path: string,
  question: HttpQuestion = {},
): Promise<HttpAnswer> {
  const { method = 'GET', headers = {}, body } = question;
  const options = { method, headers, agent: false, timeout: 10_000 };
  return new Promise((resolve, reject) => {
    const sent = request(`http://${address}${path}`, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const raw = Buffer.concat(chunks);
        const status = response.statusCode ?? 0;
        resolve({ status, headers: response.headers, raw, text: raw.toString() });
      });
    });
    sent.on('error', reject);
    sent.on('timeout', () => sent.destroy(new Error(`no answer to ${method} ${path}`)));
    sent.end(body);
  });
}
