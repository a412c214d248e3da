import { execFile } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Document, parseDocument } from 'yaml';
import { CommandError } from '../../exit.ts';
import { packageRoot } from '../../version.ts';

const run = promisify(execFile);

/** The demo's fleet in a repository of its own, as an engineer would have it. */
export class DemoRepository {
  readonly folder: string;
  readonly #searchPath: string;

  constructor(folder: string, searchPath: string) {
    this.folder = folder;
    this.#searchPath = searchPath;
  }

  get url(): string {
    return `file://${this.folder}`;
  }

  async create(): Promise<void> {
    await cp(join(packageRoot(), 'manifests', 'examples', 'factory'), this.folder, { recursive: true });
    await this.#git('init', '--quiet', '--initial-branch=main');
    await this.commit('The factory: two sites, their devices and what they may do');
  }

  /** Returns the short id. */
  async commit(message: string): Promise<string> {
    await this.#git('add', '--all');
    await this.#git('commit', '--quiet', '--message', message);
    return this.#git('rev-parse', '--short', 'HEAD');
  }

  write(path: string, text: string): Promise<void> {
    return writeFile(join(this.folder, path), text);
  }

  /** Adds a statement to a policy. */
  addStatement(path: string, statement: object): Promise<void> {
    return this.edit(path, (document) => {
      document.addIn(['spec', 'document', 'Statement'], document.createNode(statement));
    });
  }

  /** Changes one manifest, keeping comments and layout. */
  async edit(path: string, change: (document: Document) => void): Promise<void> {
    const file = join(this.folder, path);
    const document = parseDocument(await readFile(file, 'utf8'));
    change(document);
    await writeFile(file, document.toString({ lineWidth: 0 }));
  }

  /** Takes the last commit back by a new one, as people do when a change turns out badly. Returns the short id. */
  async revert(): Promise<string> {
    await this.#git('revert', '--no-edit', 'HEAD');
    return this.#git('rev-parse', '--short', 'HEAD');
  }

  async #git(...args: string[]): Promise<string> {
    const person = 'Demo Engineer';
    const env = {
      PATH: this.#searchPath,
      HOME: this.folder,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_AUTHOR_NAME: person,
      GIT_AUTHOR_EMAIL: 'engineer@example.com',
      GIT_COMMITTER_NAME: person,
      GIT_COMMITTER_EMAIL: 'engineer@example.com',
    };
    try {
      return (await run('git', args, { cwd: this.folder, env })).stdout.trim();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        throw new CommandError('The demo needs git: install it and try again');
      }
      throw new CommandError(`git ${args[0]} failed: ${(error as Error).message}`);
    }
  }
}
