// What can go wrong, by name. Codes are public: users compare `code`, and docs/errors.md explains each.
// Subclasses exist only where a caller branches on them. Messages say what was wrong, where, what to do.

export const errorCodes = [
  'ERR_ACCESS_LOG',
  'ERR_ADDON_MISSING',
  'ERR_ADMIN_LISTEN',
  'ERR_ADMIN_UNREACHABLE',
  'ERR_CONFIG_EXPORT',
  'ERR_CONFIG_INVALID',
  'ERR_CONFIG_NOT_FOUND',
  'ERR_CONFIG_SYNTAX',
  'ERR_CONFIG_THREW',
  'ERR_CONFIG_TIMEOUT',
  'ERR_CONFIG_UNREADABLE',
  'ERR_ENGINE',
  'ERR_ENGINE_STOPPED',
  'ERR_INTERCEPTION',
  'ERR_LISTEN',
  'ERR_SNAPSHOT_INVALID',
  'ERR_USAGE',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface ErrorContext {
  /** The field or file at fault. */
  readonly path?: string | undefined;
  readonly cause?: unknown;
}

export class ProxyError extends Error {
  override readonly name: string = 'ProxyError';
  readonly code: ErrorCode;
  readonly path: string | null;

  constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.code = code;
    this.path = context.path ?? null;
  }
}

/** Wrong arguments on the command line. The message is one sentence that names the right word. */
export class UsageError extends ProxyError {
  override readonly name = 'UsageError';

  constructor(message: string) {
    super('ERR_USAGE', message);
  }
}

/** Everything that can be wrong with one field of a configuration. */
export const configIssueCodes = [
  'bad-address',
  'bad-duration',
  'bad-mode',
  'bad-name',
  'bad-path',
  'bad-pattern',
  'bad-ports',
  'bad-server-name',
  'bad-size',
  'bad-template',
  'bad-text',
  'contradiction',
  'duplicate-address',
  'duplicate-name',
  'empty',
  'host-name',
  'loop',
  'missing',
  'not-data',
  'out-of-range',
  'unknown-cluster',
  'unknown-key',
  'unknown-word',
  'wrong-type',
] as const;

export type ConfigIssueCode = (typeof configIssueCodes)[number];

export interface ConfigIssue {
  readonly code: ConfigIssueCode;
  /** As a person would write it: `listeners[0].address`, `clusters.web`, or the variable's name. */
  readonly path: string;
  /** What was wrong: `expected 1 to 65535`. */
  readonly problem: string;
  /** The value that was found, shortened; `null` when there is none to show. */
  readonly got: string | null;
  /** What to do about it, as a sentence; `null` when the problem says it already. */
  readonly hint: string | null;
}

/** One line for one issue: `listeners[0].port: expected 1 to 65535, got 0. Use 8080, for example.` */
export function issueText(issue: ConfigIssue): string {
  const got = issue.got === null ? '' : `, got ${issue.got}`;
  const hint = issue.hint === null ? '' : ` ${issue.hint}`;
  return `${issue.path}: ${issue.problem}${got}.${hint}`;
}

/** A configuration that cannot be used. `issues` has every problem at once; it is empty when the file could
 * not be read at all, and then the message says why. */
export class ConfigError extends ProxyError {
  override readonly name = 'ConfigError';
  readonly issues: readonly ConfigIssue[];

  constructor(
    code: ErrorCode,
    message: string,
    context: ErrorContext & { readonly issues?: readonly ConfigIssue[] } = {},
  ) {
    super(code, message, context);
    this.issues = context.issues ?? [];
  }
}

/** The engine refused a call; `errno` is the kernel's number where there was one. */
export class EngineError extends ProxyError {
  override readonly name = 'EngineError';
  readonly errno: number | null;

  constructor(
    code: ErrorCode,
    message: string,
    context: ErrorContext & { readonly errno?: number | null } = {},
  ) {
    super(code, message, context);
    this.errno = context.errno ?? null;
  }
}
