// `weft version`: what runs here. Where there is no addon it says so; that is an answer, not a failure.

import { ProxyError } from '../../base/errors.ts';
import type { Probe } from '../../contract/addon.ts';
import { loadAddon } from '../../engine/load-addon.ts';
import { parseArguments } from '../args.ts';
import { packageVersion } from '../package-version.ts';

interface Missing {
  readonly missing: string;
}

export async function run(argv: string[]): Promise<number> {
  const { switches } = parseArguments('version', argv);
  const probed = probe();
  const facts: Facts = {
    weft: packageVersion(),
    platform: `${process.platform}-${process.arch}`,
    node: process.versions.node,
    openssl: process.versions.openssl,
    addon: 'missing' in probed ? null : probed,
    addonMissing: 'missing' in probed ? probed.missing : null,
  };
  const text = switches.has('json') ? JSON.stringify(facts, null, 2) : textOf(facts);
  process.stdout.write(`${text}\n`);
  return 0;
}

interface Facts {
  readonly weft: string;
  readonly platform: string;
  readonly node: string;
  readonly openssl: string;
  readonly addon: Probe | null;
  readonly addonMissing: string | null;
}

function textOf({ weft, platform, node, openssl, addon, addonMissing }: Facts): string {
  const own = [`weft      ${weft} (${platform})`, `node      ${node}`, `openssl   ${openssl}`];
  if (addon === null) {
    return [...own, `addon     none: ${addonMissing}`].join('\n');
  }
  const features = Object.entries(addon.features).map(
    ([name, has]) => `${name} ${has ? 'yes' : 'no'}`,
  );
  return [
    ...own,
    `addon     ${addon.build}`,
    `kernel    ${addon.kernel}`,
    `features  ${features.join(', ')}`,
    `limits    ${addon.cpuCount} CPUs, ${addon.descriptorsMax} descriptors`,
  ].join('\n');
}

function probe(): Probe | Missing {
  try {
    return loadAddon().probe();
  } catch (error) {
    if (error instanceof ProxyError) {
      return { missing: error.message };
    }
    throw error;
  }
}
