// What wrk prints is read right, and a failure in it is a failure.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readWrk } from '../http/measure.ts';

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
