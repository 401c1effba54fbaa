import assert from 'node:assert/strict';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  candidates,
  localAddresses,
  parseHosts,
  parseResolvConf,
  SystemNames,
} from '../../../lib/discovery/system-names.ts';
import { tempFolder } from '../../support/weft.ts';

test('the hosts file: comments, several names, several lines, small letters', () => {
  const hosts = parseHosts(
    [
      '# 10.9.9.9 nobody',
      '10.0.0.1 Db.Internal db # the first',
      '10.0.0.2\tdb',
      '10.0.0.2 db',
      'fd00::1 db',
      'nonsense db',
      '',
    ].join('\n'),
  );
  assert.deepEqual(hosts.get('db'), ['10.0.0.1', '10.0.0.2', 'fd00::1']);
  assert.deepEqual(hosts.get('db.internal'), ['10.0.0.1']);
  assert.equal(hosts.has('nobody'), false);
});

test('localhost needs no file, but the file counts', () => {
  const hosts = new Map([['localhost', ['127.0.0.2']]]);
  assert.deepEqual(localAddresses('localhost', { hosts }), ['127.0.0.2']);
  assert.deepEqual(localAddresses('localhost.', { hosts: new Map() }), ['127.0.0.1']);
  assert.deepEqual(localAddresses('app.localhost', { hosts: new Map() }), ['127.0.0.1']);
  assert.deepEqual(localAddresses('mylocalhost', { hosts: new Map() }), []);
});

test('resolv.conf: the last search line, ndots with a bound', () => {
  const text = 'nameserver 10.0.0.1\ndomain old\nsearch A.svc b.svc. ; c\noptions rotate ndots:5\n';
  assert.deepEqual(parseResolvConf(text), { search: ['a.svc', 'b.svc'], ndots: 5 });
  assert.deepEqual(parseResolvConf('options ndots:200'), { search: [], ndots: 15 });
  assert.deepEqual(parseResolvConf('garbage \0\n\n'), { search: [], ndots: 1 });
});

test('search domains come first for names with few dots, and never for a final dot', () => {
  const rules = { search: ['a', 'b'], ndots: 2 };
  assert.deepEqual(candidates('db', rules), ['db.a', 'db.b', 'db']);
  assert.deepEqual(candidates('db.x', rules), ['db.x.a', 'db.x.b', 'db.x']);
  assert.deepEqual(candidates('db.x.y', rules), ['db.x.y', 'db.x.y.a', 'db.x.y.b']);
  assert.deepEqual(candidates('db.', rules), ['db']);
});

test('files are read again when they change, and a missing one is empty', async () => {
  const folder = tempFolder();
  const files = { hosts: join(folder, 'hosts'), resolvConf: join(folder, 'resolv.conf') };
  const names = new SystemNames(files);
  assert.equal((await names.read()).hosts.size, 0);

  writeFileSync(files.hosts, '10.0.0.1 db\n');
  writeFileSync(files.resolvConf, 'search a\n');
  const first = await names.read();
  assert.deepEqual(first.hosts.get('db'), ['10.0.0.1']);
  assert.deepEqual(first.search, ['a']);

  writeFileSync(files.hosts, '10.0.0.2 db\n');
  utimesSync(files.hosts, 1, 1);
  const second = await names.read();
  assert.deepEqual(second.hosts.get('db'), ['10.0.0.2']);
  assert.equal(second.resolvConf, first.resolvConf);
});
