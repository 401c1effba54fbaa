// The log: pino behind a narrow interface, so that no other room knows it. JSON lines, or readable ones on a
// terminal. Loaded late, because the commands that only check a file need no log. A reader that stops reading
// costs lines, never time: what waits is bounded, and a closed pipe ends the log but not the process.

import { isatty } from 'node:tty';
import type { DestinationStream, Logger } from 'pino';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export const logFormats = ['auto', 'json', 'pretty'] as const;
export type LogFormat = (typeof logFormats)[number];

export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  /** Can be set at run time, for this log, its parents and its children together. */
  level: LogLevel;
  isEnabled(level: LogLevel): boolean;
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log that adds `fields` to every line. */
  child(fields: LogFields): Log;
  /** The same log with a level of its own, for lines that are asked for in another way. */
  withLevel(level: LogLevel): Log;
  /** A line of somebody else's format, as it is, whatever the level. */
  raw(line: string): void;
  /** Lines that a slow reader of stdout cost, of this log and its family. */
  readonly droppedCount: number;
  /** Writes what waits, before the process ends. */
  flush(): void;
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** A descriptor, or a stream in tests. Default: stdout. */
  readonly destination?: number | DestinationStream;
  /** Colours on a terminal. Default: on, unless NO_COLOR is set. */
  readonly colour?: boolean;
}

/** What may wait for a slow reader: some 10,000 lines of an access log. More is dropped. */
const waitingBytesMax = 4 * 1024 * 1024;

export async function createLog(options: LogOptions): Promise<Log> {
  const { pino } = await import('pino');
  const target = options.destination ?? process.stdout.fd;
  const terminal = typeof target === 'number' && isatty(target);
  const pretty = options.format === 'pretty' || (options.format === 'auto' && terminal);
  const stream = pretty
    ? await prettyStream(
        target,
        terminal && (options.colour ?? process.env['NO_COLOR'] === undefined),
      )
    : typeof target === 'number'
      ? pino.destination({ dest: target, sync: false, maxLength: waitingBytesMax })
      : target;
  const shared: Shared = { level: options.level, droppedCount: 0 };
  watchStream(stream, shared);
  const logger = pino(
    {
      level: 'trace',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  return wrap(logger, stream, shared, shared);
}

async function prettyStream(
  destination: number | DestinationStream,
  colorize: boolean,
): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty');
  return pretty({ destination, colorize, sync: true, translateTime: 'SYS:HH:MM:ss.l' });
}

interface Shared {
  level: LogLevel;
  droppedCount: number;
}

/** A full disk or a lost terminal must not end a proxy: the line is lost, the traffic is not. */
function watchStream(stream: DestinationStream, counts: Pick<Shared, 'droppedCount'>): void {
  if ('on' in stream && typeof stream.on === 'function') {
    stream.on('error', () => undefined);
    stream.on('drop', () => {
      counts.droppedCount += 1;
    });
  }
}

/** `shared` holds the level of the whole family: pino's own children would keep theirs when it is changed. */
function wrap(
  logger: Logger,
  stream: DestinationStream,
  shared: { level: LogLevel },
  counts: Pick<Shared, 'droppedCount'>,
): Log {
  const isEnabled = (level: LogLevel): boolean =>
    level !== 'silent' && logLevels.indexOf(level) >= logLevels.indexOf(shared.level);
  const write =
    (level: Exclude<LogLevel, 'silent'>) =>
    (message: string, fields: LogFields = {}): void => {
      if (isEnabled(level)) {
        logger[level](fields, message);
      }
    };
  return {
    get level() {
      return shared.level;
    },
    set level(level: LogLevel) {
      shared.level = level;
    },
    isEnabled,
    trace: write('trace'),
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => wrap(logger.child(fields), stream, shared, counts),
    withLevel: (level) => wrap(logger, stream, { level }, counts),
    raw: (line) => void stream.write(`${line}\n`),
    get droppedCount() {
      return counts.droppedCount;
    },
    flush: () => {
      if ('flushSync' in stream && typeof stream.flushSync === 'function') {
        stream.flushSync();
      }
    },
  };
}
