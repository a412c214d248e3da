import type { CliIo } from '../../io.ts';

const BAR = 30;

/** What the demo shows: chapters and lines, and on a terminal one line that moves. */
export class View {
  readonly #io: CliIo;
  readonly #colour: boolean;
  #live = false;
  #lastStep = -1;

  constructor(io: CliIo, colour: boolean) {
    this.#io = io;
    this.#colour = colour;
  }

  chapter(title: string): void {
    this.#clear();
    this.#lastStep = -1;
    this.#io.stdout(`\n${this.#paint('1', `▌ ${title}`)}\n`);
  }

  line(text: string): void {
    this.#clear();
    this.#io.stdout(`  ${text}\n`);
  }

  good(text: string): void {
    this.line(`${this.#paint('32', '✓')} ${text}`);
  }

  noticed(label: string, text: string): void {
    this.line(`${this.#paint(label === 'widened' ? '31' : '33', `! ${label}`)}  ${text}`);
  }

  /** A moving bar on a terminal; on a pipe a line at each tenth. */
  progress(done: number, total: number, what: string): void {
    if (this.#io.isTTY) {
      const filled = total === 0 ? 0 : Math.round((done / total) * BAR);
      const bar = '█'.repeat(filled) + '░'.repeat(BAR - filled);
      this.#io.stdout(`\r\u001b[K  ${bar} ${done}/${total} ${what}`);
      this.#live = true;
      return;
    }
    const step = total === 0 ? 0 : Math.floor((done / total) * 4);
    if (step === this.#lastStep) return;
    this.#lastStep = step;
    this.line(`${done} of ${total} ${what}`);
  }

  #clear(): void {
    if (this.#live) this.#io.stdout('\r\u001b[K');
    this.#live = false;
  }

  #paint(code: string, text: string): string {
    return this.#colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}
