// The terminal that `weft top` draws on: an alternate screen that is left as it was found, single keys, its size.

export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  draw(lines: readonly string[]): void;
  /** Gives the screen and the keys back. Safe to call twice. */
  close(): void;
}

export interface TerminalEvents {
  /** The size is another. */
  readonly resized: () => void;
  /** q, Ctrl-C or Ctrl-D. */
  readonly quit: () => void;
}

/** Ctrl-C and Ctrl-D come as characters, because the terminal is raw. */
const quitKeys = ['q', 'Q', '\u0003', '\u0004'];
const enter = '\u001b[?1049h\u001b[?25l';
const leave = '\u001b[?25h\u001b[?1049l';
const home = '\u001b[H';
const eraseLine = '\u001b[K';
const eraseBelow = '\u001b[J';

/** REQUIRES: `output` is a terminal. Keys are read only where `input` is one, too. */
export function openTerminal(
  output: NodeJS.WriteStream,
  input: NodeJS.ReadStream,
  { resized, quit }: TerminalEvents,
): Terminal {
  const onKey = (key: Buffer): void => {
    const typed = key.toString('latin1');
    if (quitKeys.some((character) => typed.includes(character))) {
      quit();
    }
  };
  output.write(enter);
  output.on('resize', resized);
  if (input.isTTY) {
    input.setRawMode(true);
    input.on('data', onKey);
    input.resume();
  }
  let open = true;
  return {
    get columns() {
      return output.columns || 80;
    },
    get rows() {
      return output.rows || 24;
    },
    // In one write, without clearing first: nothing flickers.
    draw: (lines) => {
      output.write(home + lines.map((line) => line + eraseLine).join('\r\n') + eraseBelow);
    },
    close: () => {
      if (!open) {
        return;
      }
      open = false;
      output.off('resize', resized);
      if (input.isTTY) {
        input.off('data', onKey);
        input.setRawMode(false);
        input.pause();
      }
      output.write(leave);
    },
  };
}
