// `weft explain`: what would happen to a request. The rule that fits is found twice, by the search that explains and,
// where it runs, by the native code that routes; the two must agree.

import { formatDuration } from '../../base/duration.ts';
import { EngineError, UsageError } from '../../base/errors.ts';
import type { Config } from '../../config/config.ts';
import { loadConfig } from '../../config/load.ts';
import type { Addon } from '../../contract/addon.ts';
import { compileRules } from '../../control/compile-routes.ts';
import { loadAddon } from '../../engine/load-addon.ts';
import {
  type ExplainedBackend,
  type ExplainedRequest,
  type Explanation,
  explainResolved,
  listenerOf,
  routeRequest,
} from '../../explain/explain.ts';
import { parseArguments } from '../args.ts';

export async function run(argv: string[]): Promise<number> {
  const { positionals, values, lists, switches } = parseArguments('explain', argv);
  const request: ExplainedRequest = {
    ...target(positionals),
    headers: headersOf(lists['header'] ?? []),
    listener: values['listener'],
  };
  const { config } = await loadConfig({ file: values['config'] });
  const explanation = explained(config, request);
  checkNative(config, request, explanation);
  process.stdout.write(
    switches.has('json') ? `${JSON.stringify(explanation, null, 2)}\n` : textOf(explanation),
  );
  return 0;
}

/** `GET http://web/` or the URL alone. */
function target([first = '', second]: readonly string[]): { method: string; url: string } {
  const [method, url] = second === undefined ? ['GET', first] : [first, second];
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    const hint = 'Write the host too: http://web/cart.';
    throw new UsageError(`expected a URL, got '${url}'. ${hint}`);
  }
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(method)) {
    throw new UsageError(`expected a method such as GET, got '${method}'.`);
  }
  return { method, url };
}

function headersOf(texts: readonly string[]): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  for (const text of texts) {
    const found = /^([^\s:]+):\s*(.*?)\s*$/.exec(text);
    if (found === null) {
      throw new UsageError(`--header: expected 'name: value', got '${text}'.`);
    }
    const [, name = '', value = ''] = found;
    headers[name] = [...(headers[name] ?? []), value];
  }
  return headers;
}

function explained(config: Config, request: ExplainedRequest): Explanation {
  try {
    return explainResolved(config, request);
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error;
  }
}

function checkNative(config: Config, request: ExplainedRequest, { rule }: Explanation): void {
  const addon = addonHere();
  if (addon === null) {
    return;
  }
  const rules = listenerOf(config, request.listener).httpRules ?? [];
  const names = rules.map(({ name }) => name);
  const routes = {
    revision: 1,
    rules: compileRules(rules, { ruleId: (name) => names.indexOf(name) + 1, clusterId: () => 1 }),
  };
  const found = addon.matchRoute(routes, routeRequest(request));
  const native = found === null ? null : (names[found.rule] ?? null);
  if (native !== rule) {
    throw new Error(`the code that routes says ${native}, the one that explains ${rule}`);
  }
}

/** A configuration is looked at on systems where no proxy runs, too. */
function addonHere(): Addon | null {
  try {
    return loadAddon();
  } catch (error) {
    if (error instanceof EngineError && error.code === 'ERR_ADDON_MISSING') {
      return null;
    }
    throw error;
  }
}

function textOf(explanation: Explanation): string {
  const { listener, rule, match, rejected } = explanation;
  const lines = [
    `listener  ${listener}`,
    `rule      ${rule ?? 'none fits'}${match === null ? '' : ` (${match})`}`,
    ...actionLines(explanation),
    ...boundLines(explanation),
    ...rejected.map(({ rule: other, match: what, why }) => `not       ${other} (${what}): ${why}`),
  ];
  return `${lines.join('\n')}\n`;
}

function actionLines({ action, status, backends, mirrors }: Explanation): string[] {
  if (action !== 'forward') {
    const words = { redirect: 'redirected', direct: 'answered here', refuse: 'refused' };
    return [`answer    ${words[action]} with ${status}`];
  }
  return [
    ...backends.map((backend) => `backend   ${backendText(backend)}`),
    ...mirrors.map((mirror) => `mirror    ${backendText(mirror)}`),
  ];
}

function backendText({ cluster, share, endpoints }: ExplainedBackend): string {
  const addresses = endpoints.map(({ address }) => address).join(', ');
  const percent = Math.round(share * 1_000_000) / 10_000;
  return `${cluster}, ${percent} %: ${addresses || 'where the connection meant to go'}`;
}

function boundLines({ action, timeouts, retry }: Explanation): string[] {
  if (action !== 'forward') {
    return [];
  }
  const times = Object.entries({
    request: timeouts?.requestMs,
    'each attempt': timeouts?.backendRequestMs,
    'response head': timeouts?.responseHeadMs,
  }).flatMap(([what, ms]) => (typeof ms === 'number' ? [`${what} ${formatDuration(ms)}`] : []));
  const on = [
    ...(retry?.statuses ?? []),
    ...(retry?.onReset ? ['reset'] : []),
    ...(retry?.onTimeout ? ['timeout'] : []),
  ];
  return [
    `timeouts  ${times.join(', ') || 'none'}`,
    `retries   ${retry === null ? 'of a failed connect only' : `${retry.attemptsMax} after ${on.join(', ')}`}`,
  ];
}
