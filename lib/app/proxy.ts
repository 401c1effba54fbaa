// The composition root: the only file that knows every room. A WeftProxy is one engine with its configuration,
// metrics, events and admin server; two in one process do not know each other. Owned by the JavaScript thread.

import type { AdminServer } from '../admin/server.ts';
import type { Readiness } from '../admin/view.ts';
import { parseAddress } from '../base/address.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { ConfigError, ProxyError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Config } from '../config/config.ts';
import type { Addon, DrainResult } from '../contract/addon.ts';
import { compile } from '../control/compile.ts';
import { DesiredState } from '../control/desired-state.ts';
import { Publisher } from '../control/publisher.ts';
import { type BoundaryTrace, Engine } from '../engine/engine.ts';
import { AccessLog } from '../events/access-log.ts';
import { EventDispatcher } from '../events/dispatcher.ts';
import type { EventNames } from '../events/names.ts';
import { Notices } from '../events/notices.ts';
import { Registry } from '../metrics/registry.ts';
import { ProxyView } from './admin-view.ts';
import { boundAddresses } from './bound-addresses.ts';
import { isSameConfig, keysForNextStart } from './config-change.ts';
import { Discovery } from './discovery.ts';
import { drainInOrder } from './drain.ts';
import { engineOptions } from './engine-options.ts';

export interface ProxyOptions {
  readonly addon: Addon;
  readonly log: Log;
  /** Labels of weft_build_info: versions. */
  readonly build: Readonly<Record<string, string>>;
  /** Asked for through the admin server; whoever owns the process drains and ends it. */
  readonly onShutdown: () => void;
  readonly clock?: Clock;
  readonly trace?: BoundaryTrace | null;
}

export type ReloadOutcome =
  | { readonly result: 'applied' | 'unchanged' }
  | { readonly result: 'failed'; readonly error: unknown };

type Phase = 'new' | 'starting' | 'running' | 'draining' | 'stopped';

/** Label sets that nobody counts for are looked for so often, or as often as they may expire. */
const sweepMsMax = 60_000;
/** A burst of endpoint updates is one publish. */
const publishDelayMs = 10;
const publishDelayMaxMs = 100;

export class WeftProxy {
  readonly #options: ProxyOptions;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #state = new DesiredState();
  #phase: Phase = 'new';
  #config: Config | null = null;
  #parts: Parts | null = null;
  #admin: AdminServer | null = null;
  #cancelSweep: () => void = () => undefined;
  #isApplying = false;
  #reloading: Promise<unknown> = Promise.resolve();
  readonly #reloads = { succeeded: 0, failed: 0, lastFailure: '' };

  constructor(options: ProxyOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#clock = options.clock ?? systemClock;
  }

  /** Resolves when every listener is open. When it rejects, nothing is left open. */
  async start(config: Config): Promise<void> {
    if (this.#phase !== 'new') {
      throw new ProxyError('ERR_ENGINE', 'a proxy starts once. Make a new one.');
    }
    this.#phase = 'starting';
    this.#config = config;
    let bound: ReadonlyMap<string, string>;
    try {
      const parts = this.#wire(config);
      this.#parts = parts;
      await this.#openAdmin(config, parts);
      await parts.accessLog.adopt(parts.accessLog.open(config.log.accessLog));
      await parts.discovery.prepare(config);
      this.#refuseUnless('starting');
      this.#want(config, parts.discovery);
      await parts.publisher.commit(() => undefined);
      bound = await boundAddresses(parts.engine, this.#state);
      this.#refuseUnless('starting');
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#phase = 'running';
    this.#sweepLater();
    for (const { name, address, cluster } of config.listeners) {
      this.#log.info('listening', { listener: name, address: bound.get(name) ?? address, cluster });
    }
  }

  /** The admin server's address with the port that it got; `null` when there is none. */
  get adminAddress(): string | null {
    return this.#admin?.address ?? null;
  }

  /** Loads and applies a configuration. A bad one changes nothing. Never rejects. */
  reload(load: () => Promise<Config>): Promise<ReloadOutcome> {
    const outcome = this.#reloading.then(() => this.#reloadNow(load));
    this.#reloading = outcome;
    return outcome;
  }

  /** Not ready from now on. Resolves when the last connection has ended, at the deadline at the latest. */
  async drain(deadlineMs?: number): Promise<DrainResult> {
    const { engine, config } = this.#running();
    const { listeners, order } = config.drain;
    const wantedMs = deadlineMs ?? config.drain.deadlineMs;
    if (this.#phase !== 'draining') {
      this.#phase = 'draining';
      this.#log.info('draining', { deadlineMs: wantedMs, listeners, order });
    }
    const tools = { engine, clock: this.#clock, log: this.#log };
    const result = await drainInOrder(tools, config, wantedMs);
    this.#log.info('drained', { forcedCount: result.forcedCount });
    return result;
  }

  /** Resets what is open, at once. Safe to call in every phase, and twice. */
  async stop(): Promise<void> {
    this.#phase = 'stopped';
    this.#cancelSweep();
    this.#parts?.publisher.stop();
    this.#parts?.discovery.stop();
    const admin = this.#admin;
    this.#admin = null;
    await admin?.close();
    await this.#parts?.engine.stop();
    await this.#parts?.accessLog.close();
  }

  /** After log files were renamed. Never rejects. */
  async reopenLogs(): Promise<void> {
    await this.#parts?.accessLog.reopen();
  }

  #wire(config: Config): Parts {
    const { addon, trace = null } = this.#options;
    const dispatcher = this.#dispatcher();
    const engine = Engine.start(
      addon,
      engineOptions(config),
      (worker, records) => dispatcher.events.dispatch(worker, records),
      trace,
    );
    const registry = new Registry({
      memory: engine.metrics(),
      labels: this.#state,
      idleMs: () => this.#running().config.metrics.expireAfterMs,
      now: () => this.#clock.now(),
    });
    const publisher = new Publisher({
      clock: this.#clock,
      compile: (revision) =>
        compile({
          desired: this.#state.current(),
          revision,
          releasedRuns: registry.releasedRuns(),
        }),
      publish: (snapshot) => engine.publish(snapshot),
      onApplied: () => registry.relabel(),
      onError: (error) => this.#publishFailed(error),
      delayMs: publishDelayMs,
      delayMaxMs: publishDelayMaxMs,
    });
    const discovery = new Discovery({
      clock: this.#clock,
      log: this.#log,
      report: (clusterName, endpoints) => {
        this.#state.setEndpoints(clusterName, endpoints);
        if (!this.#isApplying) {
          publisher.schedule();
        }
      },
    });
    const { notices, accessLog } = dispatcher;
    return { engine, registry, publisher, discovery, notices, accessLog };
  }

  #dispatcher(): Dispatcher {
    const names = eventNames(this.#state);
    const log = this.#log;
    const notices = new Notices({ log, names, now: () => this.#clock.now() });
    const lines = log.withLevel('info');
    const accessLog = new AccessLog({ lines, log, names, clock: this.#clock });
    const events = new EventDispatcher(
      {
        connectionClosed: (event) => accessLog.write(event),
        requestEnded: (event) => accessLog.writeRequest(event),
        acceptPaused: (event, worker) => notices.acceptPaused(event, worker),
        acceptResumed: (event, worker) => notices.acceptResumed(event, worker),
        endpointUnavailable: (event) => notices.endpointUnavailable(event),
        endpointAvailable: (event) => notices.endpointAvailable(event),
        clusterPanic: (event, worker) => notices.clusterPanic(event, worker),
        limitReached: (event) => notices.limitReached(event),
      },
      (error) => log.error('event batch lost', { error: messageOf(error) }),
    );
    return { events, notices, accessLog };
  }

  /** The server is loaded only where one is wanted. */
  async #openAdmin(config: Config, parts: Parts): Promise<void> {
    if (config.admin === null) {
      return;
    }
    const address = parseAddress(config.admin.address);
    if (!address.ok) {
      throw new ConfigError('ERR_CONFIG_INVALID', `admin.address: ${address.problem}.`);
    }
    const { AdminServer } = await import('../admin/server.ts');
    this.#admin = await AdminServer.listen({
      address: address.value,
      view: this.#view(parts),
      onError: (error, path) => this.#log.error('admin failed', { path, error: messageOf(error) }),
    });
    this.#log.info('admin listening', { address: this.#admin.address });
  }

  #view(parts: Parts): ProxyView {
    const { engine, registry, publisher, discovery, accessLog } = parts;
    return new ProxyView({
      engine,
      registry,
      publisher,
      state: this.#state,
      discovery,
      log: this.#log,
      config: () => this.#running().config,
      readiness: () => this.#readiness(),
      facts: () => ({
        desiredRevision: publisher.desiredRevision,
        appliedRevision: publisher.appliedRevision,
        reloadsSucceeded: this.#reloads.succeeded,
        reloadsFailed: this.#reloads.failed,
        dns: discovery.facts(),
        accessLog: accessLog.counts,
        logLinesDropped: this.#log.droppedCount,
        build: this.#options.build,
      }),
      drain: (deadlineMs) => void this.drain(deadlineMs).catch(() => undefined),
      shutdown: this.#options.onShutdown,
    });
  }

  #readiness(): Readiness {
    const ready = this.#phase === 'running';
    return { ready, state: ready ? 'ready' : this.#phase };
  }

  async #reloadNow(load: () => Promise<Config>): Promise<ReloadOutcome> {
    try {
      const { config, publisher, discovery, accessLog } = this.#running();
      const next = await load();
      const unchanged = isSameConfig(config, next);
      if (!unchanged) {
        const output = accessLog.open(next.log.accessLog);
        try {
          await discovery.prepare(next);
          this.#refuseUnless('running');
          this.#want(next, discovery);
          await publisher.commit(() => this.#want(config, discovery));
        } catch (error) {
          await accessLog.discard(output);
          throw error;
        }
        await accessLog.adopt(output);
        this.#adopt(config, next);
      }
      this.#reloads.succeeded += 1;
      this.#reloads.lastFailure = '';
      return { result: unchanged ? 'unchanged' : 'applied' };
    } catch (error) {
      return this.#reloadFailed(error);
    }
  }

  #adopt(before: Config, next: Config): void {
    this.#config = next;
    if (before.log.level !== next.log.level) {
      this.#log.level = next.log.level;
    }
    const later = keysForNextStart(before, next);
    if (later.length > 0) {
      this.#log.warn('some changes wait for the next start', { keys: later });
    }
    const revision = this.#parts?.publisher.appliedRevision;
    this.#log.info('configuration applied', { revision });
  }

  /** What sources report meanwhile belongs to this configuration: the commit that follows publishes it. */
  #want(config: Config, discovery: Discovery): void {
    this.#isApplying = true;
    this.#state.setConfig(config);
    discovery.apply(config);
    this.#isApplying = false;
  }

  /** Says why once, however often the same file is tried. */
  #reloadFailed(error: unknown): ReloadOutcome {
    const message = messageOf(error);
    this.#reloads.failed += 1;
    if (this.#reloads.lastFailure !== message) {
      this.#reloads.lastFailure = message;
      this.#log.error('reload failed, the old configuration stays', { error: message });
    }
    return { result: 'failed', error };
  }

  /** What was under way when the proxy was stopped is no failure. */
  #publishFailed(error: unknown): void {
    if (this.#phase !== 'stopped') {
      this.#log.error('publish failed', { error: messageOf(error) });
    }
  }

  #sweepLater(): void {
    const { expireAfterMs } = this.#running().config.metrics;
    this.#cancelSweep = this.#clock.after(Math.min(sweepMsMax, expireAfterMs), () => {
      this.#sweep();
      this.#sweepLater();
    });
  }

  /** Gives back metrics of what left, and forgets its names when nobody counts for it any more. */
  #sweep(): void {
    const { registry, publisher, notices } = this.#running();
    if (registry.expire()) {
      publisher.schedule();
    }
    notices.forget((clusterId, endpointId) => {
      return this.#state.endpoint(clusterId, endpointId)?.configured ?? false;
    });
    this.#state.forgetAllBut(registry.metOwners());
  }

  #refuseUnless(phase: Phase): void {
    if (this.#phase !== phase) {
      throw new ProxyError('ERR_ENGINE_STOPPED', `the proxy is ${this.#phase}, not ${phase}.`);
    }
  }

  #running(): Parts & { readonly config: Config } {
    if (this.#parts === null || this.#config === null || this.#phase === 'stopped') {
      throw new ProxyError('ERR_ENGINE_STOPPED', `the proxy is ${this.#phase}, not running.`);
    }
    return { ...this.#parts, config: this.#config };
  }
}

interface Parts {
  readonly engine: Engine;
  readonly registry: Registry;
  readonly publisher: Publisher;
  readonly discovery: Discovery;
  readonly notices: Notices;
  readonly accessLog: AccessLog;
}

interface Dispatcher {
  readonly events: EventDispatcher;
  readonly notices: Notices;
  readonly accessLog: AccessLog;
}

function eventNames(state: DesiredState): EventNames {
  return {
    listenerName: (id) => state.listener(id)?.name ?? null,
    listenerDirection: (id) => state.listener(id)?.direction ?? null,
    clusterName: (id) => state.clusterName(id),
    routeName: (id) => state.route(id)?.name ?? null,
    endpointAddress: (clusterId, id) => state.endpoint(clusterId, id)?.address ?? null,
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
