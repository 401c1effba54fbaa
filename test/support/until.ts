// Waits for the outside world: other processes and the kernel tell nobody when they are done, so they are asked.

const pollMs = 10;

/** Resolves with the first value that is neither null nor false. Rejects with `what` after `timeoutMs`. */
export async function until<Value>(
  what: string | (() => string),
  ask: () => Value | Promise<Value>,
  timeoutMs = 10_000,
): Promise<Exclude<Value, null | false | undefined>> {
  const giveUpAt = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== false && answer !== undefined) {
      return answer as Exclude<Value, null | false | undefined>;
    }
    if (performance.now() > giveUpAt) {
      const text = typeof what === 'string' ? what : what();
      throw new Error(`not within ${timeoutMs} ms: ${text}`);
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
