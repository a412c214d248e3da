import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const IDENTITY = {
  GIT_AUTHOR_NAME: 'Fleet Engineer',
  GIT_AUTHOR_EMAIL: 'engineer@example.com',
  GIT_COMMITTER_NAME: 'Fleet Engineer',
  GIT_COMMITTER_EMAIL: 'engineer@example.com',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  LC_ALL: 'C',
};

/** A real repository with a work tree, as an engineer has it; served from its folder, over HTTP or over SSH. */
export class GitRemote {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(folder?: string): Promise<GitRemote> {
    const remote = new GitRemote(folder ?? (await mkdtemp(join(tmpdir(), 'fleetward-remote-'))));
    await mkdir(remote.folder, { recursive: true });
    await remote.git('init', '--quiet', '--initial-branch=main');
    // Real servers (GitHub, GitLab) serve single commits; plain git-upload-pack does so in protocol v2 as well.
    await remote.git('config', 'uploadpack.allowAnySHA1InWant', 'true');
    return remote;
  }

  get fileUrl(): string {
    return `file://${this.folder}`;
  }

  async git(...args: string[]): Promise<string> {
    const env = { ...IDENTITY, PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: this.folder };
    const { stdout } = await run('git', args, { cwd: this.folder, env, maxBuffer: 64 * 1024 * 1024 });
    return stdout.trim();
  }

  /** Writes files (null removes one) and commits; returns the commit id. */
  async commit(files: Readonly<Record<string, string | Buffer | null>>, message = 'Change the fleet'): Promise<string> {
    for (const [path, content] of Object.entries(files)) {
      const target = join(this.folder, path);
      if (content === null) {
        await rm(target, { recursive: true, force: true });
        continue;
      }
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, content);
    }
    await this.git('add', '--all');
    await this.git('commit', '--quiet', '--allow-empty', '--message', message);
    return this.git('rev-parse', 'HEAD');
  }

  async commitLink(path: string, target: string): Promise<string> {
    await mkdir(dirname(join(this.folder, path)), { recursive: true });
    await symlink(target, join(this.folder, path));
    return this.commit({});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
