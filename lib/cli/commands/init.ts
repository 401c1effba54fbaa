// `weft init`: installs, shows, checks or removes the rules that lead the workload's connections to Weft. Runs to
// its end and leaves no process; the proxy itself needs none of its rights.

import { UsageError } from '../../base/errors.ts';
import { type Network, parseNetwork } from '../../base/network.ts';
import { whatIsNotTaken } from '../../interception/loaded.ts';
import { applyRules, listTable, meansOfThisProcess } from '../../interception/nft.ts';
import {
  type PortRange,
  type Redirection,
  redirectionDefaults,
  type Skipped,
} from '../../interception/redirection.ts';
import { rulesText, undoText } from '../../interception/rules.ts';
import { type Arguments, parseArguments, wholeNumber } from '../args.ts';

const portMax = 65_535;
/** The last user id; the number after it means none. */
const uidMax = 4_294_967_294;

export async function run(argv: string[]): Promise<number> {
  const args = parseArguments('init', argv);
  const redirection = redirectionOf(args);
  switch (actionOf(args)) {
    case 'print':
      process.stdout.write(rulesText(redirection));
      return 0;
    case 'undo':
      return undo();
    case 'check':
      return check(redirection);
    case 'install':
      return install(redirection);
  }
}

function install(redirection: Redirection): number {
  applyRules(rulesText(redirection), meansOfThisProcess());
  process.stdout.write(`The rules are installed: ${summaryOf(redirection)}.\n`);
  return 0;
}

function undo(): number {
  const means = meansOfThisProcess();
  const wasThere = listTable(means) !== null;
  applyRules(undoText, means);
  process.stdout.write(wasThere ? 'The rules are removed.\n' : 'There were no rules.\n');
  return 0;
}

function check(redirection: Redirection): number {
  const problems = whatIsNotTaken(listTable(meansOfThisProcess()), redirection);
  if (problems.length === 0) {
    process.stdout.write(`Traffic is taken: ${summaryOf(redirection)}.\n`);
    return 0;
  }
  process.stdout.write(`Traffic is not taken as asked for: ${problems.join('; ')}.\n`);
  return 1;
}

function summaryOf({ inboundPort, outboundPort, uid }: Redirection): string {
  return `inbound to port ${inboundPort}, outbound to port ${outboundPort} except from uid ${uid}`;
}

function actionOf({ switches }: Arguments): 'print' | 'undo' | 'check' | 'install' {
  const actions = (['print', 'undo', 'check'] as const).filter((name) => switches.has(name));
  const [first, second] = actions;
  if (first !== undefined && second !== undefined) {
    throw new UsageError(`--${first} and --${second} exclude each other. Leave out one of them.`);
  }
  return first ?? 'install';
}

function redirectionOf(args: Arguments): Redirection {
  const { uid, inboundPort, outboundPort, adminPort } = redirectionDefaults;
  const redirection = {
    uid: wholeNumber(args, 'uid', 0, uidMax) ?? uid,
    inboundPort: wholeNumber(args, 'inbound-port', 1, portMax) ?? inboundPort,
    outboundPort: wholeNumber(args, 'outbound-port', 1, portMax) ?? outboundPort,
    adminPort: wholeNumber(args, 'admin-port', 1, portMax) ?? adminPort,
    inbound: skippedOf(args, 'inbound'),
    outbound: skippedOf(args, 'outbound'),
  };
  if (redirection.inboundPort === redirection.outboundPort) {
    throw new UsageError(
      `--inbound-port and --outbound-port are both ${redirection.inboundPort}. Use two ports, one for each listener.`,
    );
  }
  return redirection;
}

function skippedOf(args: Arguments, direction: 'inbound' | 'outbound'): Skipped {
  return {
    ports: listOf(args, `skip-${direction}-ports`, portsOf),
    networks: listOf(args, `skip-${direction}-subnets`, networkOf),
  };
}

function listOf<Item>(
  args: Arguments,
  flag: string,
  read: (text: string, flag: string) => Item,
): Item[] {
  const text = args.values[flag];
  return text === undefined ? [] : text.split(',').map((item) => read(item.trim(), flag));
}

function portsOf(text: string, flag: string): PortRange {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (!(first >= 1 && first <= last && last <= portMax)) {
    throw new UsageError(
      `--${flag}: expected ports of 1 to ${portMax} such as 22,8000-8100, got '${text}'.`,
    );
  }
  return { first, last };
}

function networkOf(text: string, flag: string): Network {
  const parsed = parseNetwork(text);
  if (!parsed.ok) {
    const hint = parsed.hint === null ? '' : ` ${parsed.hint}`;
    throw new UsageError(`--${flag}: ${parsed.problem}, got '${text}'.${hint}`);
  }
  return parsed.value;
}
