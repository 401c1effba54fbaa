// What a group gets to run with: programs under three times its budget, their output in one log file for each
// group. A program that outlives three budgets hangs, even on a busy machine: it is ended with
// everything it started. Less is said beside the result.

import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { widePath } from './needs.mjs';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */
/** @typedef {{ ok: boolean, output: string }} Outcome */

/** Files below a folder whose name ends in one of the endings, sorted, relative to the root.
 * @param {string} folder
 * @param {string[]} endings
 * @returns {string[]} */
export function filesBelow(folder, endings) {
  const start = join(root, folder);
  if (!existsSync(start)) return [];
  return readdirSync(start, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

/** How often a group may use up its budget before it counts as hanging. */
const hangFactor = 3;

export class Context {
  /** @param {string} name @param {number} budgetMinutes */
  constructor(name, budgetMinutes) {
    this.logFile = join(root, 'test-results', `${name}.log`);
    this.deadline = performance.now() + hangFactor * budgetMinutes * 60_000;
    this.budgetMinutes = budgetMinutes;
    mkdirSync(dirname(this.logFile), { recursive: true });
    writeFileSync(this.logFile, '');
  }

  /** @param {string} text */
  log(text) {
    appendFileSync(this.logFile, text);
  }

  /** Runs a program to its end; its output is returned and logged.
   * @param {string} command
   * @param {string[]} args
   * @param {{ env?: Record<string, string>, cwd?: string }} [options]
   * @returns {Promise<Outcome>} */
  exec(command, args, options = {}) {
    this.log(`$ ${[command, ...args].join(' ').slice(0, 500)}\n`);
    return new Promise((resolve) => {
      let output = '';
      const child = spawn(command, args, {
        cwd: options.cwd ?? root,
        env: { ...process.env, PATH: widePath(), ...options.env },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      });
      const onData = (/** @type {Buffer} */ chunk) => {
        output += chunk;
        this.log(chunk.toString());
      };
      child.stdout.on('data', onData);
      child.stderr.on('data', onData);
      const timer = setTimeout(
        () => {
          output += `${hangFactor} x the budget of ${this.budgetMinutes} minutes are used up: ended ${command}\n`;
          if (child.pid) process.kill(-child.pid, 'SIGKILL');
        },
        Math.max(0, this.deadline - performance.now()),
      );
      child.on('error', (error) => {
        output += `${error.message}\n`;
      });
      child.on('close', (status) => {
        clearTimeout(timer);
        if (status !== 0) this.log(`exit status ${status}\n`);
        resolve({ ok: status === 0, output });
      });
    });
  }

  /** Runs a Node program of a dependency, by its path inside node_modules.
   * @param {string} path
   * @param {string[]} args */
  node(path, args) {
    return this.exec(process.execPath, [join(root, path), ...args]);
  }
}
