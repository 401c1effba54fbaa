// One measurement: our own client, whose requests leave at a constant rate whatever the answers do.

import { type Figures, runClient } from '../support/leash.ts';
import type { Sample } from './measure.ts';
import { pathOf, type Row } from './rows.ts';
import type { Session } from './session.ts';

const warmupSeconds = '0.3';

/** What the client prints of a load; `options` are more of its own. */
export function runOpenLoop(
  session: Session,
  address: string,
  options: readonly string[],
): Promise<Figures> {
  const { load, proxy } = session.places;
  // Both CPUs stay awake: the time in which a virtual machine wakes one is not the proxy's.
  const awake = proxy === undefined || load === undefined ? [] : ['--awake', '1'];
  if (awake.length > 0 && proxy !== load) awake.push('--awake-cpu', String(proxy));
  const cpu = load === undefined ? [] : ['--cpu', String(load)];
  const args = ['http-open-loop', '--to', address, ...cpu, ...awake, ...options];
  return runClient(session.programs, args);
}

export async function openLoop(
  session: Session,
  row: Row,
  address: string,
  tree: number,
  rate: number,
): Promise<Sample> {
  const options = ['--rate', String(rate), '--connections', String(row.connections)];
  options.push('--path', pathOf(row), '--tree', String(tree), '--warmup', warmupSeconds);
  options.push('--seconds', String(session.options.seconds));
  const figures = await runOpenLoop(session, address, options);
  const bad = ['refused', 'otherStatus', 'failed', 'unanswered'] as const;
  const wrong = bad.filter((name) => figures[name] !== 0);
  if (wrong.length > 0) {
    throw new Error(wrong.map((name) => `${figures[name]} requests ${name}`).join(', '));
  }
  const { units = 0, seconds = 1, cpuSeconds = 0 } = figures;
  return {
    rate,
    requestsPerSecond: units / seconds,
    cpuUsPerRequest: (cpuSeconds / units) * 1e6,
    p50Us: figures['latencyP50Us'] ?? 0,
    p99Us: figures['latencyP99Us'] ?? 0,
    p999Us: figures['latencyP999Us'] ?? 0,
    lagP99Us: figures['lagP99Us'] ?? 0,
  };
}
