// The floors must do what a proxy must do, or ratios to them mean nothing.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { runClient } from '../support/leash.ts';
import { privateDirtyBytes } from '../support/memory.ts';
import { portOf } from '../support/ports.ts';
import { programs, serve, startFloor, startServer, stopServers } from './support.ts';

after(stopServers);

function open(address: string): Socket {
  return connect({ port: portOf(address), host: '127.0.0.1', allowHalfOpen: true });
}

for (const name of ['copyFloor', 'spliceFloor'] as const) {
  test(`${name} carries every byte, up and down`, async () => {
    const args = ['bulk', '--connections', '4', '--bytes', '20000000', '--warmup', '0'];
    const up = await startFloor(name, await startServer('check'));
    const sent = await runClient(programs, [...args, '--to', up.address]);
    assert.equal(sent['wrongStreams'], 0);
    const down = await startFloor(name, await startServer('source'));
    const options = ['--direction', 'down', '--check', '1', '--to', down.address];
    assert.equal((await runClient(programs, [...args, ...options]))['wrongStreams'], 0);
  });

  test(`${name} answers messages and connections that come and go`, async () => {
    const echo = await startFloor(name, await startServer('echo'));
    const args = ['--seconds', '0.2', '--warmup', '0', '--connections', '20'];
    const echoed = await runClient(programs, ['ping-pong', ...args, '--to', echo.address]);
    assert.ok((echoed['units'] ?? 0) > 100);
    const short = await startFloor(name, await startServer('reply-close'));
    const closed = await runClient(programs, ['connect-rate', ...args, '--to', short.address]);
    assert.equal(closed['failed'], 0);
    assert.ok((closed['units'] ?? 0) > 100);
  });

  test(`${name} ends each direction by itself`, async () => {
    const floor = await startFloor(
      name,
      await serve((socket) => {
        socket.resume();
        socket.on('end', () => socket.end('late reply'));
      }),
    );
    const socket = open(floor.address);
    socket.end('question');
    let reply = '';
    socket.on('data', (chunk: Buffer) => {
      reply += chunk.toString();
    });
    await once(socket, 'end');
    assert.equal(reply, 'late reply');
  });

  test(`${name} survives clients that leave in the middle of a stream`, async () => {
    const floor = await startFloor(name, await startServer('source'));
    for (let i = 0; i < 200 && !floor.leash.over; i += 1) {
      const socket = open(floor.address);
      await once(socket, 'connect');
      // FIN, and RST for what still arrives: then a write fails with EPIPE instead of ECONNRESET.
      socket.destroy();
    }
    await sleep(50);
    assert.ok(!floor.leash.over, 'the floor died');
  });

  test(`${name} passes a reset on as a reset`, async () => {
    const floor = await startFloor(
      name,
      await serve((socket) => {
        socket.once('data', () => socket.resetAndDestroy());
      }),
    );
    const socket = open(floor.address);
    socket.write('x');
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ECONNRESET');
  });

  test(`${name} holds back a sender whose receiver does not read`, async () => {
    let resume = () => {};
    let received = 0;
    const floor = await startFloor(
      name,
      await serve((socket) => {
        socket.pause();
        socket.on('data', (chunk: Buffer) => {
          received += chunk.length;
        });
        resume = () => socket.resume();
        socket.on('end', () => socket.end());
      }),
    );
    const socket = open(floor.address);
    const total = 64 * 1024 * 1024;
    socket.end(Buffer.alloc(total));
    await sleep(300);
    assert.ok(socket.writableLength > 0, 'nobody reads, and yet everything was taken');
    assert.ok(privateDirtyBytes(floor.leash.pid) < 4e6, 'the floor keeps what nobody reads');
    resume();
    socket.resume();
    await once(socket, 'end');
    assert.equal(received, total);
  });
}
