// One listener and one cluster for each program of run.sh. The ports are those of services that run on
// this machine anyway, in front of them Weft's; run.sh says others in the environment.

import { defineConfig } from 'weft';

/** Name, the port of Weft, the port of the service behind it. */
const programs = [
  ['pgbench', 15432, 5432],
  ['redis', 16379, 6379],
  ['iperf3', 15201, 5201],
  ['ssh', 10022, 22],
  ['curl', 18080, 8080],
  ['socat', 19000, 9000],
] as const;

function port(name: string, side: 'WEFT' | 'SERVER', otherwise: number): number {
  return Number(process.env[`${name.toUpperCase()}_${side}_PORT`] ?? otherwise);
}

export default defineConfig({
  listeners: programs.map(([name, weftPort]) => ({
    name,
    address: `127.0.0.1:${port(name, 'WEFT', weftPort)}`,
    cluster: name,
  })),
  clusters: Object.fromEntries(
    programs.map(([name, , serverPort]) => [
      name,
      { endpoints: [`127.0.0.1:${port(name, 'SERVER', serverPort)}`] },
    ]),
  ),
});
