// Two network namespaces of a test, `pod` and `peer`, joined by a veth pair with IPv4 and IPv6 addresses. Their
// names have the pid of the test process: what a killed test left behind is removed by the next one.

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const namePrefix = 'weft-test-';

export const podAddress = { ipv4: '10.77.0.2', ipv6: 'fd77::2' } as const;
export const peerAddress = { ipv4: '10.77.0.1', ipv6: 'fd77::1' } as const;

export interface Output {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export class Namespaces {
  readonly pod = `${namePrefix}${process.pid}-pod`;
  readonly peer = `${namePrefix}${process.pid}-peer`;
  readonly #children: ChildProcess[] = [];

  constructor() {
    removeLeftovers();
    process.on('exit', () => this.remove());
    ip('netns', 'add', this.pod);
    ip('netns', 'add', this.peer);
    const far = ['peer', 'name', 'eth0', 'netns', this.peer];
    ip('-n', this.pod, 'link', 'add', 'eth0', 'type', 'veth', ...far);
    this.#address(this.pod, podAddress);
    this.#address(this.peer, peerAddress);
  }

  /** Runs a program to its end. */
  run(namespace: string, command: readonly string[], input = ''): Output {
    const child = spawnSync('ip', ['netns', 'exec', namespace, ...command], {
      input,
      encoding: 'utf8',
      timeout: 30_000,
    });
    return { code: child.status, out: child.stdout, err: child.stderr };
  }

  /** Starts a program that ends with the namespaces; resolves when it has printed a line. */
  async start(namespace: string, command: readonly string[]): Promise<ChildProcess> {
    const child = spawn('ip', ['netns', 'exec', namespace, ...command], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#children.push(child);
    await new Promise<void>((resolve, reject) => {
      child.stdout?.once('data', () => resolve());
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`${command.join(' ')} ended with ${code}`)));
    });
    return child;
  }

  remove(): void {
    for (const child of this.#children.splice(0)) {
      child.kill('SIGKILL');
    }
    for (const name of [this.pod, this.peer]) {
      spawnSync('ip', ['netns', 'delete', name]);
    }
  }

  #address(namespace: string, { ipv4, ipv6 }: { ipv4: string; ipv6: string }): void {
    ip('-n', namespace, 'link', 'set', 'lo', 'up');
    ip('-n', namespace, 'link', 'set', 'eth0', 'up');
    ip('-n', namespace, 'address', 'add', `${ipv4}/24`, 'dev', 'eth0');
    ip('-n', namespace, 'address', 'add', `${ipv6}/64`, 'dev', 'eth0', 'nodad');
  }
}

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8' });
}

function removeLeftovers(): void {
  for (const name of ip('netns', 'list').split(/\s+/)) {
    const pid = new RegExp(`^${namePrefix}(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) {
      spawnSync('ip', ['netns', 'delete', name]);
    }
  }
}
