import { readdirSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { type Change, changeOf, isAlive, type Mutant, type MutationReport, type Place } from './judge.ts';
import { forgetTests, fromFile, type RegisteredTest, registered } from './registry.ts';

/**
 * A test runner for Stryker that loads the policy engine and its tests once and calls them as functions: one mutant costs milliseconds where a
 * fresh Vitest run costs seconds. The quickest tests run first, since most mutants die of the first test that reaches them. Only a mutant of what is
 * evaluated when a file is loaded needs everything loaded anew, which happens in the same process under new addresses.
 * It rests on two properties of these tests: they keep no state, and they use nothing of Vitest but `describe`, `it` and `expect`.
 */

/** What Stryker's instrumented code reads and writes (`@stryker-mutator/instrumenter`). */
interface Instrumentation {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage?: { readonly perTest: Record<string, unknown> };
}

/** Lines and columns count from 0 here, and from 1 in reports. */
interface ActiveMutant {
  readonly id: string;
  readonly fileName: string;
  readonly location: Mutant['location'];
  readonly replacement: string;
}

interface RunOptions {
  readonly testFilter?: readonly string[];
  readonly hitLimit?: number;
  readonly activeMutant: ActiveMutant;
  readonly mutantActivation: 'runtime' | 'static';
  readonly reloadEnvironment: boolean;
}

const globals = globalThis as { __stryker__?: Instrumentation };
globals.__stryker__ ??= {};
const instrumentation: Instrumentation = globals.__stryker__;

/** The same random values for every mutant and in every run, so that the list of survivors does not depend on luck. */
const seed = 20_261_129;

const shim = new URL('registry.ts', import.meta.url).href;

/** Files that are loaded anew for a mutant of theirs; packages and the registry keep what they hold. */
const isReloaded = (url: string): boolean => /^file:.*\/(operator|test)\/.*\.(ts|json)$/.test(url) && url !== shim;

class InProcessRunner {
  #tests: readonly RegisteredTest[] = [];
  /** How often everything was loaded anew; part of the addresses, since Node keeps one module for each address. */
  #generation = 0;
  readonly #tooSlow = new Set<string>();
  readonly #milliseconds = new Map<string, number>();
  readonly #killedBefore = killedIn(process.env.MUTATION_KNOWN);

  capabilities(): { readonly reloadEnvironment: boolean } {
    return { reloadEnvironment: true };
  }

  async init(): Promise<void> {
    // Tests, and they alone, get `describe` and `it` from the registry.
    registerHooks({
      resolve: (specifier, context, next) => {
        if (specifier === 'vitest' && context.parentURL !== shim) return { url: shim, shortCircuit: true };
        const found = next(specifier, context);
        return this.#generation > 0 && isReloaded(found.url)
          ? { ...found, url: `${found.url}?${this.#generation}` }
          : found;
      },
    });
  }

  async dryRun(): Promise<unknown> {
    await this.#load();
    const limit = Number(process.env.MUTATION_TEST_LIMIT ?? Number.POSITIVE_INFINITY);
    const tests = [];
    for (const test of this.#tests) {
      const failureMessage = await this.#run(test);
      const timeSpentMs = this.#milliseconds.get(test.id) ?? 0;
      const common = { id: test.id, name: test.id, fileName: test.file, timeSpentMs };
      if (failureMessage !== undefined) tests.push({ ...common, status: 1, failureMessage });
      else if (timeSpentMs <= limit) tests.push({ ...common, status: 0 });
      else {
        this.#tooSlow.add(test.id);
        delete instrumentation.mutantCoverage?.perTest[test.id];
      }
    }
    return { status: 'complete', tests, mutantCoverage: instrumentation.mutantCoverage };
  }

  async mutantRun(options: RunOptions): Promise<unknown> {
    const { testFilter, hitLimit, activeMutant, mutantActivation } = options;
    if (options.reloadEnvironment) this.#forget();
    if (this.#isKilledBefore(activeMutant))
      return { status: 'killed', killedBy: [], failureMessage: 'killed in an earlier run', nrOfTests: 0 };
    instrumentation.activeMutant = mutantActivation === 'static' ? activeMutant.id : undefined;
    try {
      await this.#load();
    } catch (error) {
      return { status: 'killed', killedBy: ['loading'], failureMessage: String(error), nrOfTests: 0 };
    }
    instrumentation.activeMutant = activeMutant.id;
    instrumentation.hitLimit = hitLimit;
    instrumentation.hitCount = hitLimit === undefined ? undefined : 0;
    const wanted = testFilter === undefined ? undefined : new Set(testFilter);
    const tests = this.#tests
      .filter(({ id }) => (wanted === undefined ? !this.#tooSlow.has(id) : wanted.has(id)))
      .sort((a, b) => (this.#milliseconds.get(a.id) ?? 0) - (this.#milliseconds.get(b.id) ?? 0));
    let nrOfTests = 0;
    for (const test of tests) {
      nrOfTests += 1;
      const failureMessage = await this.#run(test);
      if (hitLimit !== undefined && (instrumentation.hitCount ?? 0) > hitLimit)
        return { status: 'timeout', reason: 'the mutant was reached far more often than the code it stands for' };
      if (failureMessage !== undefined) return { status: 'killed', killedBy: [test.id], failureMessage, nrOfTests };
    }
    return { status: 'survived', nrOfTests };
  }

  #isKilledBefore({ fileName, location: { start, end }, replacement }: ActiveMutant): boolean {
    if (this.#killedBefore.size === 0) return false;
    const fromOne = ({ line, column }: Place): Place => ({ line: line + 1, column: column + 1 });
    const change = changeOf(
      { replacement, status: '', location: { start: fromOne(start), end: fromOne(end) } },
      readFileSync(fileName, 'utf8'),
    );
    return this.#killedBefore.has(keyOf(fileName, change));
  }

  #forget(): void {
    forgetTests();
    this.#tests = [];
    this.#generation += 1;
  }

  async #load(): Promise<void> {
    if (this.#tests.length > 0) return;
    fc.configureGlobal({ seed });
    for (const file of testFiles()) {
      fromFile(file);
      await import(pathToFileURL(path.resolve(file)).href);
    }
    this.#tests = registered();
  }

  /** Undefined when the test passes. */
  async #run(test: RegisteredTest): Promise<string | undefined> {
    instrumentation.currentTestId = test.id;
    const started = cpuMilliseconds();
    try {
      await test.body();
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      instrumentation.currentTestId = undefined;
      this.#milliseconds.set(test.id, cpuMilliseconds() - started);
    }
  }
}

/**
 * What a report (`MUTATION_KNOWN`) shows as killed: once new tests are written for its survivors, only those need be run again. Meant for code
 * that has not changed since.
 */
function killedIn(report: string | undefined): ReadonlySet<string> {
  const killed = new Set<string>();
  if (report === undefined) return killed;
  const { files }: MutationReport = JSON.parse(readFileSync(report, 'utf8'));
  for (const [file, { mutants, source }] of Object.entries(files)) {
    const keys = (alive: boolean): string[] =>
      mutants.filter((one) => isAlive(one) === alive).map((one) => keyOf(file, changeOf(one, source)));
    for (const key of new Set(keys(false)).difference(new Set(keys(true)))) killed.add(key);
  }
  return killed;
}

function keyOf(file: string, change: Change): string {
  return JSON.stringify([/operator\/policy\/.*$/.exec(file)?.[0], change]);
}

/** Processor time, so that a loaded machine makes no test look slow. */
function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The test files and folders in `MUTATION_TESTS`, folders without their subfolders; all tests of the policy engine without it. */
function testFiles(): string[] {
  const given = process.env.MUTATION_TESTS?.split(',');
  const root = 'test/unit/policy';
  const isTest = (name: string): boolean => name.endsWith('.test.ts');
  const places = given ?? [root, ...['lint', 'reach', 'distance'].map((name) => `${root}/${name}`)];
  return places.flatMap((place) =>
    isTest(place)
      ? [place]
      : readdirSync(place)
          .filter(isTest)
          .map((name) => `${place}/${name}`),
  );
}

export const strykerPlugins = [{ kind: 'TestRunner', name: 'in-process', injectableClass: InProcessRunner }];
