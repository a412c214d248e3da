// Writes every generated file. `npm run verify` fails when one of them differs from what this writes.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { outputs } from './gen/outputs.ts';

const root = join(import.meta.dirname, '..');
let changed = 0;
for (const output of outputs) {
  for (const [path, content] of await output.generate(root)) {
    const target = join(root, path);
    const before = await readFile(target, 'utf8').catch(() => undefined);
    if (before === content) continue;
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
    process.stdout.write(`${output.name}: wrote ${path}\n`);
    changed += 1;
  }
}
process.stdout.write(changed === 0 ? 'Every generated file is up to date.\n' : `${changed} file(s) written.\n`);
