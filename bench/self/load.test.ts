// Do the load programs measure truly? Each is held against a server whose behaviour is known.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import { runClient, startClient } from '../support/leash.ts';
import { portOf } from '../support/ports.ts';
import { programs, serve, startServer, stopServers } from './support.ts';

after(stopServers);

test('the histogram is off by at most 1 % up to its largest value', async () => {
  const { worstRelativeError = 1 } = await runClient(programs, ['histogram-check']);
  assert.ok(worstRelativeError > 0 && worstRelativeError <= 0.01, `${worstRelativeError}`);
});

test('the open loop sees a stall that the closed loop hides', async () => {
  const stalls = ['--stall-every-ms', '400', '--stall-ms', '100'];
  const to = await startServer('echo', ...stalls);
  const common = ['--to', to, '--connections', '1', '--seconds', '2'];
  const open = await runClient(programs, ['open-loop', ...common, '--rate', '2000']);
  const closed = await runClient(programs, ['ping-pong', ...common]);
  // A stall of 100 ms in 500 delays a fifth of all messages, the first of them by 100 ms.
  assert.ok((open['latencyP999Us'] ?? 0) >= 95_000, `p99.9 ${open['latencyP999Us']}`);
  assert.ok((open['latencyP999Us'] ?? 0) < 200_000, `p99.9 ${open['latencyP999Us']}`);
  assert.ok((open['latencyP90Us'] ?? 0) >= 5_000, `p90 ${open['latencyP90Us']}`);
  assert.ok((open['latencyP50Us'] ?? 0) < 5_000, `p50 ${open['latencyP50Us']}`);
  assert.equal(open['unanswered'], 0);
  assert.ok((closed['latencyMaxUs'] ?? 0) >= 95_000, `max ${closed['latencyMaxUs']}`);
  assert.ok((closed['latencyP99Us'] ?? 0) < 50_000, `p99 ${closed['latencyP99Us']}`);
});

test('the open loop keeps its rate', async () => {
  const to = await startServer('echo');
  const args = ['open-loop', '--to', to, '--rate', '3000', '--seconds', '1'];
  const { units = 0, seconds = 1 } = await runClient(programs, args);
  assert.ok(Math.abs(units / seconds - 3000) < 90, `${units} in ${seconds} s`);
});

test('the open loop counts messages that nobody answers', { timeout: 20_000 }, async () => {
  const to = await serve(() => {});
  const args = ['open-loop', '--to', to, '--rate', '100', '--seconds', '0.3', '--warmup', '0'];
  const client = startClient(programs, args);
  await assert.rejects(client.lines, /"unanswered":30/);
});

test('messages per second of a ping-pong are what the server saw', async () => {
  let bytes = 0;
  const to = await serve((socket) => {
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      socket.write(chunk);
    });
  });
  const args = ['ping-pong', '--to', to, '--connections', '2', '--warmup', '0', '--seconds', '0.3'];
  const { units = 0 } = await runClient(programs, args);
  const messages = bytes / 64;
  assert.ok(units <= messages && messages <= units + 3, `${units} of ${messages}`);
});

test('a stream counts as wrong when one byte of it is changed', async () => {
  const to = await startServer('check');
  const changing = await serve((socket) => {
    const upstream = connect({ port: portOf(to), host: '127.0.0.1', allowHalfOpen: true });
    let changed = false;
    socket.on('data', (chunk: Buffer) => {
      if (!changed) chunk[chunk.length >> 1]! ^= 1;
      changed = true;
      if (!upstream.write(chunk)) socket.pause();
    });
    upstream.on('drain', () => socket.resume());
    socket.on('end', () => upstream.end());
    upstream.pipe(socket);
  });
  const args = ['--connections', '2', '--bytes', '4000000', '--warmup', '0'];
  const good = await runClient(programs, ['bulk', '--to', to, ...args]);
  assert.equal(good['wrongStreams'], 0);
  const bad = startClient(programs, ['bulk', '--to', changing, ...args]);
  await assert.rejects(bad.lines, /"wrongStreams":2/);
});

test('a stream counts as wrong when its tail is lost', async () => {
  const to = await serve((socket) => {
    let count = 0;
    socket.on('data', (chunk: Buffer) => {
      count += chunk.length;
    });
    socket.on('end', () => {
      const verdict = Buffer.alloc(16);
      verdict.writeBigUInt64LE(BigInt(count - 1));
      socket.end(verdict);
    });
  });
  const args = ['bulk', '--to', to, '--bytes', '1000000', '--warmup', '0'];
  await assert.rejects(startClient(programs, args).lines, /"wrongStreams":1/);
});

test('bytes that arrive from a source are compared', async () => {
  const to = await startServer('source');
  const args = ['bulk', '--direction', 'down', '--check', '1', '--bytes', '5000000'];
  const good = await runClient(programs, [...args, '--to', to, '--warmup', '0']);
  assert.ok((good['bytesSent'] ?? 0) >= 5_000_000);
  const zeros = await serve((socket) => socket.write(Buffer.alloc(6_000_000)));
  const bad = startClient(programs, [...args, '--to', zeros, '--warmup', '0']);
  await assert.rejects(bad.lines, /"wrongStreams":[1-9]/);
});

test('a connection that is closed unanswered counts as failed', async () => {
  const to = await serve((socket) => socket.destroy());
  const args = ['connect-rate', '--to', to, '--seconds', '0.2', '--warmup', '0'];
  await assert.rejects(startClient(programs, args).lines, /"failed":[1-9]/);
});

test('the connection rate is what the server saw', async () => {
  let count = 0;
  const to = await serve((socket) => {
    count += 1;
    socket.once('data', () => socket.end('x'));
  });
  const args = ['connect-rate', '--to', to, '--connections', '4', '--seconds', '0.3'];
  const { units = 0 } = await runClient(programs, [...args, '--warmup', '0']);
  assert.ok(units > 0 && units <= count && count <= units + 4, `${units} of ${count}`);
});
