// Does the open loop of HTTP measure truly? It is held against servers whose behaviour is known.

import assert from 'node:assert/strict';
import { type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { after, test } from 'node:test';
import { startHttpServer } from '../http/session.ts';
import { type Figures, runClient } from '../support/leash.ts';
import { freeAddress, portOf } from '../support/ports.ts';
import { programs, serve, stopServers } from './support.ts';

after(stopServers);

async function endpoint(...options: string[]): Promise<string> {
  const address = await freeAddress();
  await startHttpServer(programs, [address], options);
  return address;
}

function load(to: string, options: Record<string, number>): Promise<Figures> {
  const args = Object.entries({ warmup: 0.1, seconds: 1, ...options });
  const flat = args.flatMap(([name, value]) => [`--${name}`, String(value)]);
  return runClient(programs, ['http-open-loop', '--to', to, ...flat]);
}

const figure = (figures: Figures, name: string) => figures[name] ?? Number.NaN;

/** Answers each request with what `answer` says; null: not at all. */
function answering(answer: (count: number, socket: Socket) => string | null): Promise<string> {
  let count = 0;
  return serve((socket) => {
    socket.on('data', () => {
      const text = answer(count, socket);
      count += 1;
      if (text !== null) socket.write(text);
    });
  });
}

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

test('a server that sleeps is measured with what it sleeps', async () => {
  const figures = await load(await endpoint('--service-us', '100000'), { rate: 200 });
  const p50 = figure(figures, 'latencyP50Us');
  assert.ok(p50 >= 99_800 && p50 < 180_000, `p50 ${p50}`);
  assert.equal(figures['unanswered'], 0);
});

test('an endpoint takes as long as it was told last', async () => {
  const to = await endpoint('--service-us', '500000');
  assert.equal((await post(to, '/service-us', '0', {}))[1], '0');
  const begin = performance.now();
  await post(to, '/', 'x', {});
  assert.ok(performance.now() - begin < 400);
});

test('the rate of arrivals is held, however slow the answers are', async () => {
  const fast = await load(await endpoint(), { rate: 2_000 });
  assert.ok(Math.abs(figure(fast, 'arrivals') - 2_000) <= 20, `${fast['arrivals']} arrivals`);
  assert.ok(Math.abs(figure(fast, 'units') - 2_000) <= 100, `${fast['units']} answers`);
  // One connection carries 20 a second; 100 arrive, and the last one waits for four seconds.
  const to = await endpoint('--service-us', '50000');
  const slow = await load(to, { rate: 100, connections: 1, warmup: 0, patience: 8 });
  assert.ok(Math.abs(figure(slow, 'arrivals') - 100) <= 1, `${slow['arrivals']} arrivals`);
  assert.ok(Math.abs(figure(slow, 'units') - 20) <= 4, `${slow['units']} answers`);
  assert.ok(figure(slow, 'latencyMaxUs') >= 3_900_000, `max ${slow['latencyMaxUs']}`);
  assert.ok(figure(slow, 'latencyP50Us') >= 1_900_000, `p50 ${slow['latencyP50Us']}`);
});

test('a stall is seen by every request that it delayed', async () => {
  const to = await endpoint('--stall-every-ms', '400', '--stall-ms', '100');
  const figures = await load(to, { rate: 1_000, seconds: 2 });
  // A fifth of all requests arrives while the server stands still, the first of them 100 ms too early.
  const [p50, p90, p999] = ['P50Us', 'P90Us', 'P999Us'].map((q) => figure(figures, `latency${q}`));
  assert.ok(p999 !== undefined && p999 >= 95_000 && p999 < 250_000, `p99.9 ${p999}`);
  assert.ok(p90 !== undefined && p90 >= 5_000, `p90 ${p90}`);
  assert.ok(p50 !== undefined && p50 < 20_000, `p50 ${p50}`);
});

test('a server without a free slot is one with a known capacity', async () => {
  const to = await endpoint('--service-us', '10000', '--slots', '5');
  const options = { rate: 1_000, connections: 400, patience: 0.2 };
  const figures = await load(to, options);
  assert.ok(Math.abs(figure(figures, 'units') - 500) <= 50, `${figures['units']} answers`);
  assert.ok(figure(figures, 'unanswered') > 100, `${figures['unanswered']} unanswered`);
});

test('refusals are counted, and are no answers', async () => {
  const refusal =
    'HTTP/1.1 503 Service Unavailable\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nno!\r\n';
  const to = await answering((count) => (count % 2 === 0 ? ok : `${refusal}0\r\n\r\n`));
  const figures = await load(to, { rate: 200, connections: 1, warmup: 0 });
  const [units, refused] = [figure(figures, 'units'), figure(figures, 'refused')];
  assert.ok(units >= 90 && refused >= 90 && units + refused <= 201, `${units} and ${refused}`);
  assert.ok(figure(figures, 'refusedP50Us') > 0);
});

test('a connection that is closed behind its answer is opened again, one without an answer failed', async () => {
  const closing = await answering((_, socket) => {
    socket.end(ok.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    return null;
  });
  const closed = await load(closing, { rate: 100, connections: 2 });
  assert.equal(closed['failed'], 0);
  assert.ok(figure(closed, 'units') >= 90, `${closed['units']} answers`);
  const breaking = await answering((count, socket) => {
    if (count % 10 !== 0) return ok;
    socket.destroy();
    return null;
  });
  const broken = await load(breaking, { rate: 100, connections: 2, warmup: 0 });
  assert.equal(broken['failed'], 10);
});

test('what nobody answers counts with the time that it waited', async () => {
  const to = await answering(() => null);
  const figures = await load(to, { rate: 50, seconds: 0.5, warmup: 0, patience: 0.3 });
  assert.equal(figures['unanswered'], 25);
  assert.ok(figure(figures, 'latencyMaxUs') >= 750_000, `max ${figures['latencyMaxUs']}`);
});

function post(to: string, path: string, body: string, headers: Record<string, string>) {
  return new Promise<[IncomingMessage, string]>((resolve, reject) => {
    const options = { port: portOf(to), method: 'POST', path, headers, agent: false };
    const sending = request(options, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => resolve([response, text]));
    });
    sending.on('error', reject);
    sending.end(body);
  });
}

test('the server sends bodies back, with the framing of the path', async () => {
  const to = await endpoint();
  const body = Array.from({ length: 4_000 }, (_, i) => i).join(',');
  const chunked = { 'transfer-encoding': 'chunked' };
  const [plain, first] = await post(to, '/post', body, chunked);
  assert.equal(first, body);
  assert.equal(plain.headers['content-length'], String(body.length));
  const [inChunks, second] = await post(to, '/chunked', body, {});
  assert.equal(second, body);
  assert.equal(inChunks.headers['transfer-encoding'], 'chunked');
});
