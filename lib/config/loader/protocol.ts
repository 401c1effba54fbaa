// What the child process that runs a configuration file answers with: one message, then it is ended.

/** A value that is not data: a function, a class instance. */
export interface StrangeValue {
  readonly path: string;
  /** `a function`, `an instance of Map`. */
  readonly what: string;
}

export type FailureReason = 'syntax' | 'missing-module' | 'threw' | 'no-export';

export interface Loaded {
  readonly type: 'loaded';
  /** Plain data; strange values are left out. */
  readonly value: unknown;
  readonly strange: readonly StrangeValue[];
  /** Every file that was read for it, the configuration file first. */
  readonly files: readonly string[];
}

export interface Failed {
  readonly type: 'failed';
  readonly reason: FailureReason;
  readonly message: string;
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly stack: string;
}

export type Answer = Loaded | Failed;
