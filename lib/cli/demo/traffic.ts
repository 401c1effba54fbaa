// The demo's clients: small messages on connections that stay, connections that come and go, bulk with checksums both
// ways. All run at once until they are stopped. What a killed backend takes with it is done again, as a real client
// would, and counted apart; everything else that fails is an error.

import { createHash } from 'node:crypto';
import {
  digestBytes,
  digestName,
  kinds,
  nextTurn,
  patternBlock,
  patternBytes,
} from './protocol.ts';
import type { Tally } from './tally.ts';
import { type Target, Wire } from './wire.ts';

export interface TrafficOptions {
  /** Where the next connection goes. */
  readonly target: () => Target;
  readonly tally: Tally;
  /** Whether this connection was open when its backend was killed. */
  readonly wasKilled: (wire: Wire) => boolean;
  readonly onGreeting?: (wire: Wire) => void;
}

const messageConnections = 8;
const visitors = 4;
const messageBytes = 64;
/** Connections with messages are renewed, so that a backend that came back gets some. */
const messagesPerConnection = 500;
/** Pauses leave the machine some air: the demo shows latency, not how a full run queue feels. */
const messagePauseMs = 1;
const visitPauseMs = 5;
const bulkPauseMs = 40;

export class Traffic {
  readonly #options: TrafficOptions;
  #isStopping = false;
  #loops: readonly Promise<void>[] = [];
  readonly #open = new Set<Wire>();

  constructor(options: TrafficOptions) {
    this.#options = options;
  }

  get openCount(): number {
    return this.#open.size;
  }

  start(): void {
    this.#loops = [
      ...Array.from({ length: messageConnections }, () =>
        this.#loop(0, (wire) => this.#talk(wire)),
      ),
      ...Array.from({ length: visitors }, () =>
        this.#loop(visitPauseMs, (wire) => this.#visit(wire)),
      ),
      this.#loop(bulkPauseMs, (wire) => this.#upload(wire)),
      this.#loop(bulkPauseMs, (wire) => this.#download(wire)),
    ];
  }

  /** Lets what is under way finish. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#loops);
  }

  async #loop(pauseMs: number, work: (wire: Wire) => Promise<void>): Promise<void> {
    while (!this.#isStopping) {
      await this.#once(work);
      await pause(pauseMs);
    }
  }

  async #once(work: (wire: Wire) => Promise<void>): Promise<void> {
    const { target, tally, wasKilled } = this.#options;
    let wire: Wire | null = null;
    try {
      const opened = await Wire.open(target(), (made) => {
        wire = made;
        this.#open.add(made);
      });
      tally.greeted(opened.backend);
      this.#options.onGreeting?.(opened);
      await work(opened);
    } catch (error) {
      const failed = wire as Wire | null;
      if (failed !== null && wasKilled(failed)) {
        tally.interrupted += 1;
      } else {
        tally.failed(error instanceof Error ? error.message : String(error));
      }
    } finally {
      this.#close(wire);
    }
  }

  #close(wire: Wire | null): void {
    if (wire !== null) {
      wire.close();
      this.#open.delete(wire);
    }
  }

  async #talk(wire: Wire): Promise<void> {
    await wire.write(kinds.messages);
    for (let count = 0; count < messagesPerConnection && !this.#isStopping; count++) {
      const began = performance.now();
      await this.#exchange(wire);
      this.#options.tally.messages.add((performance.now() - began) * 1_000);
      await pause(messagePauseMs);
    }
  }

  async #visit(wire: Wire): Promise<void> {
    await wire.write(kinds.messages);
    await this.#exchange(wire);
    this.#options.tally.visits.add((performance.now() - wire.openedAt) * 1_000);
  }

  async #exchange(wire: Wire): Promise<void> {
    const offset = Math.floor(Math.random() * (patternBlock.length - messageBytes));
    const message = patternBlock.subarray(offset, offset + messageBytes);
    await wire.write(message);
    const answer = await wire.read(messageBytes);
    if (!answer.equals(message)) {
      this.#options.tally.mismatches += 1;
    }
  }

  async #upload(wire: Wire): Promise<void> {
    const began = performance.now();
    await wire.write(kinds.upload);
    const hash = createHash(digestName);
    for (let sent = 0; sent < patternBytes; sent += patternBlock.length) {
      hash.update(patternBlock);
      await wire.write(patternBlock);
      await nextTurn();
    }
    wire.end();
    this.#compare(hash.digest(), await wire.read(digestBytes), began);
  }

  async #download(wire: Wire): Promise<void> {
    const began = performance.now();
    await wire.write(kinds.download);
    const hash = createHash(digestName);
    for (let left = patternBytes; left > 0; ) {
      const chunk = await wire.readSome();
      const body = chunk.subarray(0, left);
      hash.update(body);
      left -= body.length;
      if (left === 0) {
        const rest = chunk.subarray(body.length);
        const digest = Buffer.concat([rest, await wire.read(digestBytes - rest.length)]);
        this.#compare(hash.digest(), digest, began);
      }
    }
  }

  #compare(ours: Buffer, theirs: Buffer, began: number): void {
    const { tally } = this.#options;
    tally.checksums += 1;
    tally.mismatches += ours.equals(theirs) ? 0 : 1;
    tally.bulkBytes += patternBytes;
    tally.bulkSeconds += (performance.now() - began) / 1_000;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    ms === 0 ? setImmediate(resolve) : setTimeout(resolve, ms);
  });
}
