// The typed face of the native engine: the same calls as lib/contract/addon.ts, with errors that say what was
// wrong, where and what to do. Can trace each crossing, for people who debug the boundary.

import { errnoName } from '../base/errno.ts';
import { EngineError, type ErrorCode, errorCodes } from '../base/errors.ts';
import type {
  Addon,
  DrainOptions,
  DrainResult,
  DumpQuery,
  DumpResult,
  EngineHandle,
  EventSink,
  StartOptions,
} from '../contract/addon.ts';
import type { MetricsMemory } from '../contract/metrics.ts';
import type { Snapshot } from '../contract/snapshot.ts';

/** Takes one line for each crossing. */
export type BoundaryTrace = (line: string) => void;

export class Engine {
  readonly #handle: EngineHandle;
  readonly #trace: BoundaryTrace | null;
  #stopped: Promise<void> | null = null;

  /** Starts the threads. They idle until the first publish. */
  static start(
    addon: Addon,
    options: StartOptions,
    sink: EventSink,
    trace: BoundaryTrace | null = null,
  ): Engine {
    trace?.(`start ${JSON.stringify(options)}`);
    const traced: EventSink = (worker, records) => {
      trace?.(`events worker=${worker} bytes=${records.byteLength}`);
      sink(worker, records);
    };
    try {
      return new Engine(addon.start(options, trace === null ? sink : traced), trace);
    } catch (error) {
      throw toEngineError(error, null);
    }
  }

  private constructor(handle: EngineHandle, trace: BoundaryTrace | null) {
    this.#handle = handle;
    this.#trace = trace;
  }

  /** Resolves with the revision once every worker has it. After a rejection nothing has changed. */
  async publish(snapshot: Snapshot): Promise<number> {
    const { revision, listeners, clusters, releasedRuns } = snapshot;
    this.#refuseWhenStopped();
    const what =
      `publish revision=${revision} listeners=${listeners.length} ` +
      `clusters=${clusters.length} releasedRuns=${releasedRuns.length}`;
    return this.#call(what, () => this.#handle.publish(snapshot), snapshot);
  }

  /** Resolves when the last connection has ended, at the deadline at the latest. */
  async drain(options: DrainOptions): Promise<DrainResult> {
    this.#refuseWhenStopped();
    return this.#call(`drain ${JSON.stringify(options)}`, () => this.#handle.drain(options), null);
  }

  /** Resets what is open and joins the threads. The metrics memory is gone afterwards. */
  stop(): Promise<void> {
    this.#stopped ??= this.#call('stop', () => this.#handle.stop(), null);
    return this.#stopped;
  }

  /** For each worker the memory that it counts in; never after `stop`. */
  metrics(): readonly MetricsMemory[] {
    this.#refuseWhenStopped();
    return this.#handle.metrics();
  }

  async dump(query: DumpQuery): Promise<DumpResult> {
    this.#refuseWhenStopped();
    return this.#call(`dump ${JSON.stringify(query)}`, () => this.#handle.dump(query), null);
  }

  #refuseWhenStopped(): void {
    if (this.#stopped !== null) {
      throw new EngineError('ERR_ENGINE_STOPPED', 'the engine was stopped. Start a new one.');
    }
  }

  async #call<Result>(
    what: string,
    crossing: () => Promise<Result>,
    snapshot: Snapshot | null,
  ): Promise<Result> {
    this.#trace?.(what);
    const startedMs = performance.now();
    const name = what.split(' ', 1)[0];
    const tookMs = (): string => `${(performance.now() - startedMs).toFixed(3)} ms`;
    try {
      const result = await crossing();
      this.#trace?.(`${name} done in ${tookMs()} ${JSON.stringify(result) ?? ''}`.trimEnd());
      return result;
    } catch (error) {
      const typed = toEngineError(error, snapshot);
      this.#trace?.(`${name} failed in ${tookMs()} ${typed.code}: ${typed.message}`);
      throw typed;
    }
  }
}

interface NativeError {
  readonly code?: unknown;
  readonly path?: unknown;
  readonly errno?: unknown;
}

function toEngineError(error: unknown, snapshot: Snapshot | null): EngineError {
  if (error instanceof EngineError) {
    return error;
  }
  const native = (error instanceof Error ? error : {}) as NativeError;
  const code = errorCodes.find((known) => known === native.code) ?? 'ERR_ENGINE';
  const path = typeof native.path === 'string' ? native.path : undefined;
  const errno = typeof native.errno === 'number' ? Math.abs(native.errno) : null;
  const text = error instanceof Error ? error.message : String(error);
  const message = sentence({ code, path, errno, text }, snapshot);
  return new EngineError(code, message, { path, errno, cause: error });
}

interface Failure {
  readonly code: ErrorCode;
  readonly path: string | undefined;
  readonly errno: number | null;
  readonly text: string;
}

function sentence(failure: Failure, snapshot: Snapshot | null): string {
  const { code, path, errno, text } = failure;
  const where = path === undefined ? '' : `${path}: `;
  if (code !== 'ERR_LISTEN') {
    return `${where}${text}`;
  }
  const index = Number(/^listeners\[(\d+)\]/.exec(path ?? '')?.[1] ?? Number.NaN);
  const address = snapshot?.listeners[index]?.address ?? 'the address';
  const name = errnoName(errno ?? 0);
  const [reason, advice] = listenAdvice(name, address) ?? [text, 'Choose another address.'];
  return `${where}cannot listen on ${address}: ${reason}${name === null ? '' : ` (${name})`}. ${advice}`;
}

/** Why an address cannot be opened, and what a person can do about it. */
function listenAdvice(errno: string | null, address: string): readonly [string, string] | null {
  const port = /:(\d+)$/.exec(address)?.[1];
  switch (errno) {
    case 'EADDRINUSE':
      return [
        'another process has it',
        port === undefined
          ? 'Stop that process, or choose another path.'
          : `Find it with 'ss -ltnp sport = :${port}' and stop it, or choose another port.`,
      ];
    case 'EACCES':
    case 'EPERM':
      return port === undefined
        ? ['no permission for this path', 'Choose a folder that this user may write to.']
        : [
            'no permission for this port',
            'Choose a port from 1024 on, or give the process CAP_NET_BIND_SERVICE.',
          ];
    case 'EADDRNOTAVAIL':
      return ['this machine does not have the address', "'ip address' shows those it has."];
    case 'EAFNOSUPPORT':
      return ['the kernel has no such address family', 'Choose an IPv4 address.'];
    case 'ENOENT':
      return ['the folder does not exist', 'Create it, or choose another path.'];
    case 'EMFILE':
    case 'ENFILE':
      return ['no descriptor is left', "Raise the limit ('ulimit -n')."];
    default:
      return null;
  }
}
