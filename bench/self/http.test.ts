// What wrk prints is read right, a failure in it is a failure, and what it is told to send is what a row says.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readWrk, wrkScript } from '../http/closed-loop.ts';
import { readOptions } from '../http/options.ts';
import { rows } from '../http/rows.ts';

const printed = `Running 2s test @ http://127.0.0.1:1/get-50
  1 threads and 50 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.20ms  300.00us   9.00ms   90.00%
    Req/Sec    40.00k     1.00k   42.00k    80.00%
  Latency Distribution
     50%  820.00us
     75%    1.30ms
     90%    1.70ms
     99%    1.02s
  80000 requests in 2.00s, 10.41MB read
Requests/sec:  40000.00
Transfer/sec:      5.20MB
`;

test('requests and percentiles are read, whatever their unit', () => {
  assert.deepEqual(readWrk(printed), {
    requests: 80_000,
    requestsPerSecond: 40_000,
    p50Us: 820,
    p99Us: 1_020_000,
  });
});

test('errors of sockets and of statuses are no result', () => {
  for (const line of [
    '  Socket errors: connect 0, read 1, write 0, timeout 0',
    '  Non-2xx or 3xx responses: 3',
  ]) {
    assert.throws(() => readWrk(`${printed}${line}\n`), new Error(line.trim()));
  }
  assert.throws(() => readWrk('unable to connect'), /did not say/);
});

test('what wrk sends is a GET of its own, several at once, or a body', () => {
  const scriptOf = (name: string) => {
    const row = rows.find((candidate) => candidate.name === name);
    assert.ok(row);
    return wrkScript(row);
  };
  assert.equal(scriptOf('get-50'), null);
  assert.match(scriptOf('pipelined') ?? '', /string\.rep\("GET \/pipelined HTTP.*, 16\)/);
  assert.match(scriptOf('post-10k') ?? '', /wrk\.body = string\.rep\("x", 10240\)/);
  const chunked = scriptOf('chunked-10k') ?? '';
  assert.match(chunked, /Transfer-Encoding: chunked.*"400\\r\\n".*, 10\) \.\. "0\\r\\n\\r\\n"/);
});

test('wrong options are named', () => {
  assert.throws(() => readOptions(['--only', 'nothing']), /no row nothing/);
  assert.throws(() => readOptions(['--rate', '0']), /--rate: expected a number above 0/);
  assert.equal(readOptions(['--help']), null);
  assert.equal(readOptions(['--quick'])?.record, false);
  assert.deepEqual(readOptions(['--only', 'latency,overload'])?.only, ['latency', 'overload']);
});
