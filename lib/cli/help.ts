// The help texts, made from command-table.ts.

import { type Command, commands, type Flag } from './command-table.ts';

export function overviewHelp(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const list = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Weft moves TCP traffic: a sidecar proxy and a forwarder for Linux.

  weft COMMAND [flags]

${list.join('\n')}
  ${'help'.padEnd(width)}  show this, or the help of a command: weft help run

Exit codes: 0 done, 1 could not start or failed while running, 2 wrong usage or configuration.

Example:
  weft forward 127.0.0.1:8080 10.0.0.5:80 10.0.0.6:80
`;
}

export function commandHelp(command: Command): string {
  const help: Flag = { name: 'help', value: null, about: 'show this' };
  const flags = [...command.flags, help].map(({ name, short, value, about }) => ({
    text: [
      short === undefined ? '' : `-${short}, `,
      `--${name}`,
      value === null ? '' : ` ${value}`,
    ].join(''),
    about,
  }));
  const width = Math.max(...flags.map(({ text }) => text.length));
  const details = command.details.length === 0 ? '' : `${command.details.join('\n')}\n\n`;
  return `${command.summary[0]?.toUpperCase()}${command.summary.slice(1)}.

  ${['weft', command.name, command.arguments].filter(Boolean).join(' ')} [flags]

${details}${flags.map(({ text, about }) => `  ${text.padEnd(width)}  ${about}`).join('\n')}

Example:
  ${command.example}
`;
}
