// The endpoints of the HTTP soak with what happens to them, and the configurations that change meanwhile. It remembers
// when somebody was killed or paused, so that a client's failure can be explained, or not.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type {
  BalancerType,
  ClusterConfig,
  Duration,
  UserConfig,
} from '../../../lib/config/user-config.ts';
import { killWithUs } from '../kill-with-us.ts';
import { freePort, isRefused } from '../tcp.ts';
import { type Outcome, pause } from './asker.ts';

interface Endpoint {
  readonly index: number;
  readonly port: number;
  readonly log: string;
  life: number;
  child: ChildProcess;
}

/** Date.now() before the first signal and when it was over: the kernel closes the sockets of a process in between. */
interface Trouble {
  readonly kind: 'kill' | 'pause';
  readonly endpoint: number;
  readonly life: number;
  readonly from: number;
  readonly to: number;
}

const program = join(import.meta.dirname, 'endpoint.js');
const slackMs = 150;
const endpointCount = 6;
const clusterSize = { min: 4, max: endpointCount };
const balancers: readonly BalancerType[] = ['p2cEwma', 'p2cEwma', 'roundRobin', 'leastConnections'];

export class World {
  readonly #random: () => number;
  readonly #folder: string;
  readonly #endpoints: Endpoint[] = [];
  readonly troubles: Trouble[] = [];
  /** While nobody is in trouble, longer than a busy machine takes. */
  #headTimeout: Duration = '40s';
  readonly port: number;

  private constructor(random: () => number, folder: string, port: number) {
    this.#random = random;
    this.#folder = folder;
    this.port = port;
  }

  static async start(random: () => number, folder: string): Promise<World> {
    const world = new World(random, folder, await freePort());
    for (let index = 0; index < endpointCount; index += 1) {
      const port = await freePort();
      const log = join(folder, `endpoint-${index}`);
      const child = await world.#run(index, 0, port, log);
      world.#endpoints.push({ index, port, log, life: 0, child });
    }
    return world;
  }

  get logs(): readonly string[] {
    return this.#endpoints.map(({ log }) => log);
  }

  stop(): void {
    for (const { child } of this.#endpoints) {
      child.kill('SIGKILL');
    }
  }

  async #run(index: number, life: number, port: number, log: string): Promise<ChildProcess> {
    const args = [index, life, port].map(String);
    const child = killWithUs(fork(program, [...args, log]));
    await once(child, 'message');
    return child;
  }

  // ---- trouble ----

  /** For so long some endpoint or two are killed or paused. */
  async makeTrouble(milliseconds: number): Promise<void> {
    const end = Date.now() + milliseconds;
    this.#headTimeout = '3s';
    const [first, second] = [this.#endpoints.slice(0, 3), this.#endpoints.slice(3)];
    await Promise.all([this.#trouble(first, end), this.#trouble(second, end)]);
  }

  async #trouble(among: readonly Endpoint[], end: number): Promise<void> {
    while (Date.now() < end) {
      await pause(100 + this.#random() * 1_500);
      const endpoint = this.#oneOf(among);
      await (this.#random() < 0.5 ? this.#kill(endpoint) : this.#pause(endpoint));
    }
  }

  async #kill(endpoint: Endpoint): Promise<void> {
    const { index, life, port, log, child } = endpoint;
    const from = Date.now();
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    this.troubles.push({ kind: 'kill', endpoint: index, life, from, to: Date.now() });
    await pause(50 + this.#random() * 600);
    endpoint.life += 1;
    endpoint.child = await this.#run(index, endpoint.life, port, log);
  }

  async #pause(endpoint: Endpoint): Promise<void> {
    const { index, life, child } = endpoint;
    const from = Date.now();
    child.kill('SIGSTOP');
    await pause(this.#random() < 0.7 ? 400 * this.#random() : 4_500);
    child.kill('SIGCONT');
    this.troubles.push({ kind: 'pause', endpoint: index, life, from, to: Date.now() });
  }

  /** Nothing fails but what was on an endpoint in trouble, or, if it never said where it was, at that time. */
  explains({ origin, from, to }: Outcome): boolean {
    return this.troubles.some(
      (trouble) =>
        (origin === null ||
          (origin.endpoint === trouble.endpoint && origin.life === trouble.life)) &&
        from - slackMs <= trouble.to &&
        trouble.from <= to + slackMs,
    );
  }

  /** Resolves when each endpoint takes connections again. */
  async recovered(): Promise<void> {
    for (const { port } of this.#endpoints) {
      while (await isRefused(port)) {
        await pause(20);
      }
    }
  }

  // ---- configuration ----

  #oneOf<Value>(values: readonly Value[]): Value {
    return values[Math.floor(this.#random() * values.length)] as Value;
  }

  /** Some of the endpoints, never so few that two troubles leave nobody. */
  #cluster(more: Partial<ClusterConfig>): ClusterConfig {
    const out = Math.floor(this.#random() * (clusterSize.max - clusterSize.min + 1));
    const endpoints = [...this.#endpoints]
      .sort(() => this.#random() - 0.5)
      .slice(out)
      .map(({ port }) => `127.0.0.1:${port}`);
    return { endpoints, balancer: this.#oneOf(balancers), connectTimeout: '10s', ...more };
  }

  /** Another configuration each time: endpoints, weights, balancers and the order of the rules change. */
  config(): UserConfig {
    const backendRefs = [
      { cluster: 'app', weight: Math.floor(this.#random() * 10) },
      { cluster: 'other', weight: 1 + Math.floor(this.#random() * 10) },
    ];
    const rule = (name: string) =>
      ({ name, matches: [{ path: { value: `/${name}` } }], backendRefs }) as const;
    const retry = { attempts: 2, codes: [503], on: ['reset', 'timeout'], backoff: '5ms' } as const;
    const rules = [
      rule('plain'),
      { ...rule('retried'), retry, timeouts: { responseHeaders: this.#headTimeout } },
      rule('abrupt'),
      rule('tunnel'),
    ];
    return {
      workers: 2,
      listeners: [
        {
          name: 'web',
          address: `127.0.0.1:${this.port}`,
          cluster: 'app',
          httpRoutes: [{ name: 'soak', rules: rules.sort(() => this.#random() - 0.5) }],
        },
      ],
      clusters: {
        app: this.#cluster({ ejection: { baseTime: '50ms', maxTime: '300ms' } }),
        other: this.#cluster({
          healthCheck: { type: 'http', path: '/health', interval: '500ms', timeout: '2s' },
        }),
      },
      drain: { deadline: '60s' },
    };
  }

  get folder(): string {
    return this.#folder;
  }
}
