/** Where a command writes. Passed in, so that tests read what a person would see. */
export interface CliIo {
  stdout(text: string): void;
  stderr(text: string): void;
  readonly isTTY: boolean;
  readonly cwd: string;
}
