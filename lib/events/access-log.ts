// One line for each connection and each request of HTTP that ended, where its listener asks for it: a sample of them, as JSON or in a format of
// the user's, to the log on stdout or to a file. The fields are spelled as in lib/contract/access-log.ts; ids become
// names, numbers of closed lists become words.

import type { Clock } from '../base/clock.ts';
import { errnoName } from '../base/errno.ts';
import type { Log } from '../base/log.ts';
import { parseTemplate, renderTemplate, type TemplatePart } from '../base/template.ts';
import {
  type AccessLogField,
  accessLogFields,
  type RequestLogField,
  requestLogFields,
} from '../contract/access-log.ts';
import { closeReasons } from '../contract/close-reason.ts';
import { noId, protocols } from '../contract/events.ts';
import type { EventOf } from './decode.ts';
import { FileSink } from './file-sink.ts';
import type { EventNames } from './names.ts';

export type AccessLogLine = Readonly<Record<AccessLogField, string | number | null>>;
export type RequestLogLine = Readonly<Record<RequestLogField, string | number | null>>;

export type AccessLogLines = 'all' | 'connections' | 'requests';

export interface AccessLogSettings {
  /** `null`: stdout, with the log. */
  readonly path: string | null;
  /** `null`: JSON. Checked with the configuration. */
  readonly template: string | null;
  /** The same for lines of requests. */
  readonly requestTemplate: string | null;
  /** Which lines: of connections, of requests, or both. */
  readonly lines: AccessLogLines;
  /** Share of the connections that are written, 0 to 1. */
  readonly sample: number;
}

/** Where lines go under some settings. */
export interface AccessLogOutput {
  readonly settings: AccessLogSettings;
  readonly sink: FileSink | null;
  readonly template: readonly TemplatePart[] | null;
  readonly requestTemplate: readonly TemplatePart[] | null;
}

export interface AccessLogCounts {
  readonly written: number;
  readonly sampledOut: number;
  readonly dropped: number;
}

export interface AccessLogOptions {
  /** REQUIRES: a log of its own, whose level is not the one that people turn down. */
  readonly lines: Log;
  /** Where problems with the file are told. */
  readonly log: Log;
  readonly names: EventNames;
  readonly clock: Clock;
}

export class AccessLog {
  readonly #options: AccessLogOptions;
  #output: AccessLogOutput;
  #toStdout = 0;
  #sampledOut = 0;
  /** Of sinks that were closed. */
  readonly #before = { written: 0, dropped: 0 };

  /** Writes to stdout until an output is adopted. */
  constructor(options: AccessLogOptions) {
    this.#options = options;
    this.#output = {
      settings: { path: null, template: null, requestTemplate: null, lines: 'all', sample: 1 },
      sink: null,
      template: null,
      requestTemplate: null,
    };
  }

  /** Opens what the settings name; a file that is open already is shared. Throws ERR_ACCESS_LOG when it cannot. */
  open(settings: AccessLogSettings): AccessLogOutput {
    const { path } = settings;
    const template = parsed(settings.template, accessLogFields);
    const requestTemplate = parsed(settings.requestTemplate, requestLogFields);
    const { sink } = this.#output;
    const shared = path !== null && sink?.path === path ? sink : null;
    const output = { settings, template, requestTemplate };
    return { ...output, sink: path === null ? null : (shared ?? this.#newSink(path)) };
  }

  /** From now on lines go there. What waits for the output before is still written. */
  async adopt(output: AccessLogOutput): Promise<void> {
    const { sink } = this.#output;
    this.#output = output;
    if (sink !== null && sink !== output.sink) {
      await this.#closeSink(sink);
    }
  }

  /** For an output that is not adopted after all. */
  async discard({ sink }: AccessLogOutput): Promise<void> {
    if (sink !== this.#output.sink) {
      await sink?.close();
    }
  }

  write(event: EventOf<'connectionClosed'>): void {
    const { settings, template } = this.#output;
    if (settings.lines !== 'requests') {
      const line = (): AccessLogLine => accessLogLine(event, this.#options.names);
      this.#write('connection closed', event.connectionId, line, template);
    }
  }

  /** Requests of a connection are written or left out together. */
  writeRequest(event: EventOf<'requestEnded'>): void {
    const { settings, requestTemplate } = this.#output;
    if (settings.lines !== 'connections') {
      const line = (): RequestLogLine => requestLogLine(event, this.#options.names);
      this.#write('request ended', event.connectionId, line, requestTemplate);
    }
  }

  #write(
    what: string,
    connectionId: number,
    lineOf: () => Readonly<Record<string, string | number | null>>,
    template: readonly TemplatePart[] | null,
  ): void {
    const { settings, sink } = this.#output;
    if (!isSampled(connectionId, settings.sample)) {
      this.#sampledOut += 1;
      return;
    }
    const line = lineOf();
    if (sink !== null) {
      sink.write(template === null ? JSON.stringify(line) : renderTemplate(template, line));
      return;
    }
    this.#toStdout += 1;
    if (template === null) {
      this.#options.lines.info(what, line);
    } else {
      this.#options.lines.raw(renderTemplate(template, line));
    }
  }

  /** After the file was renamed. */
  async reopen(): Promise<void> {
    await this.#output.sink?.reopen();
  }

  async close(): Promise<void> {
    const { sink } = this.#output;
    this.#output = { ...this.#output, sink: null };
    if (sink !== null) {
      await this.#closeSink(sink);
    }
  }

  get counts(): AccessLogCounts {
    const { written, dropped } = this.#output.sink?.counts ?? { written: 0, dropped: 0 };
    return {
      written: this.#toStdout + this.#before.written + written,
      sampledOut: this.#sampledOut,
      dropped: this.#before.dropped + dropped,
    };
  }

  async #closeSink(sink: FileSink): Promise<void> {
    await sink.close();
    this.#before.written += sink.counts.written;
    this.#before.dropped += sink.counts.dropped;
  }

  #newSink(path: string): FileSink {
    const { log, clock } = this.#options;
    return new FileSink({
      path,
      clock,
      onChange: (what, error) => {
        if (error === null) {
          log.info('access log is written again', { path });
        } else if (what === 'write') {
          log.error('access log cannot be written, lines are lost', { path, error: error.code });
        } else {
          log.error('access log cannot be reopened, the old file is written', {
            path,
            error: error.code,
          });
        }
      },
    });
  }
}

/** The same verdict for the same connection, everywhere and always; spread evenly over any traffic. */
export function isSampled(connectionId: number, share: number): boolean {
  if (share >= 1) {
    return true;
  }
  // The finalizer of MurmurHash3: neighbouring ids get unrelated numbers.
  let hash = (connectionId ^ Math.floor(connectionId / 0x1_0000_0000)) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000 < share;
}

export function accessLogLine(
  event: EventOf<'connectionClosed'>,
  names: EventNames,
): AccessLogLine {
  const reached = event.endpointId !== noId;
  return {
    connectionId: event.connectionId,
    listener: names.listenerName(event.listenerId),
    direction: names.listenerDirection(event.listenerId),
    cluster: event.clusterId === noId ? null : names.clusterName(event.clusterId),
    endpoint: reached ? names.endpointAddress(event.clusterId, event.endpointId) : null,
    downstreamAddress: event.downstreamAddress,
    upstreamAddress: event.upstreamAddress === '' ? null : event.upstreamAddress,
    originalDst: event.originalDst === '' ? null : event.originalDst,
    closeReason: closeReasons[event.closeReason] ?? `unknown_${event.closeReason}`,
    errno: errnoName(event.errno),
    started: isoTime(event.startedUs),
    ended: isoTime(event.atUs),
    durationUs: Math.max(0, event.atUs - event.startedUs),
    connectUs: reached ? event.connectUs : null,
    downstreamReadBytes: event.downstreamReadBytes,
    upstreamReadBytes: event.upstreamReadBytes,
    attemptCount: event.attemptCount,
    protocol: event.protocol === 0 ? null : (protocols[event.protocol] ?? null),
  };
}

export function requestLogLine(event: EventOf<'requestEnded'>, names: EventNames): RequestLogLine {
  const reached = event.endpointId !== noId;
  const orNull = (text: string): string | null => (text === '' ? null : text);
  return {
    connectionId: event.connectionId,
    listener: names.listenerName(event.listenerId),
    direction: names.listenerDirection(event.listenerId),
    route: event.routeId === noId ? null : names.routeName(event.routeId),
    cluster: event.clusterId === noId ? null : names.clusterName(event.clusterId),
    endpoint: reached ? names.endpointAddress(event.clusterId, event.endpointId) : null,
    downstreamAddress: event.downstreamAddress,
    upstreamAddress: orNull(event.upstreamAddress),
    method: orNull(event.method),
    host: orNull(event.host),
    path: orNull(event.path),
    status: event.status === 0 ? null : event.status,
    closeReason: closeReasons[event.closeReason] ?? `unknown_${event.closeReason}`,
    started: isoTime(event.atUs - event.durationUs),
    durationUs: event.durationUs,
    requestBytes: event.requestBytes,
    responseBytes: event.responseBytes,
    connectCount: event.attemptCount,
    retryCount: event.retryCount,
    traceId: orNull(event.traceId),
    requestId: orNull(event.requestId),
    userAgent: orNull(event.userAgent),
  };
}

/** `null` for JSON. What the configuration has let through can be parsed. */
function parsed(text: string | null, fields: readonly string[]): readonly TemplatePart[] | null {
  const template = text === null ? null : parseTemplate(text, fields);
  return template?.ok ? template.value : null;
}

function isoTime(us: number): string {
  return new Date(Math.floor(us / 1_000)).toISOString();
}
