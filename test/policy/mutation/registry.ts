/** Stands in for Vitest while the mutation runner loads test files: collects the tests instead of running them. */
export { expect } from 'vitest';

type Body = (...values: unknown[]) => unknown;

export interface RegisteredTest {
  readonly id: string;
  readonly file: string;
  readonly body: () => unknown;
}

const tests = new Map<string, RegisteredTest>();
const path: string[] = [];
let present = '';

/** Tests that are registered from now on belong to this file. */
export function fromFile(file: string): void {
  present = file;
}

export function registered(): readonly RegisteredTest[] {
  return [...tests.values()];
}

/** Before the files are loaded anew. */
export function forgetTests(): void {
  tests.clear();
  path.length = 0;
}

export function describe(name: string, body: () => void): void {
  path.push(name);
  body();
  path.pop();
}

/** Options such as a time limit stand between name and body; here they mean nothing. */
const run = (name: string, ...rest: [Body] | [unknown, Body]): void => add(name, rest.at(-1) as Body);

export const it = Object.assign(run, {
  each:
    (rows: readonly unknown[]) =>
    (name: string, body: Body): void =>
      rows.forEach((row, index) => {
        add(`${name} [${index}]`, () => (Array.isArray(row) ? body(...row) : body(row)));
      }),
});

function add(name: string, body: Body): void {
  const title = [present, ...path, name].join(' › ');
  const id = tests.has(title) ? `${title} (${tests.size})` : title;
  tests.set(id, { id, file: present, body: () => body() });
}
