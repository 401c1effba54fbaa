// A log that keeps its lines, for tests.

import type { Log, LogFields, LogLevel } from '../../lib/base/log.ts';

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

export class MemoryLog implements Log {
  level: LogLevel = 'trace';
  readonly lines: LogLine[];
  readonly #fields: LogFields;

  constructor(lines: LogLine[] = [], fields: LogFields = {}) {
    this.lines = lines;
    this.#fields = fields;
  }

  isEnabled(): boolean {
    return true;
  }

  trace(message: string, fields: LogFields = {}): void {
    this.#write('trace', message, fields);
  }

  debug(message: string, fields: LogFields = {}): void {
    this.#write('debug', message, fields);
  }

  info(message: string, fields: LogFields = {}): void {
    this.#write('info', message, fields);
  }

  warn(message: string, fields: LogFields = {}): void {
    this.#write('warn', message, fields);
  }

  error(message: string, fields: LogFields = {}): void {
    this.#write('error', message, fields);
  }

  child(fields: LogFields): Log {
    return new MemoryLog(this.lines, { ...this.#fields, ...fields });
  }

  withLevel(): Log {
    return new MemoryLog(this.lines, this.#fields);
  }

  readonly droppedCount = 0;

  raw(line: string): void {
    this.#write('info', line, {});
  }

  flush(): void {}

  get messages(): readonly string[] {
    return this.lines.map((line) => line.message);
  }

  #write(level: LogLevel, message: string, fields: LogFields): void {
    this.lines.push({ level, message, fields: { ...this.#fields, ...fields } });
  }
}
