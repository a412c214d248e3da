import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Replaced by the bundler; a checkout reads package.json. */
declare const __FLEETWARD_VERSION__: string | undefined;

export function version(): string {
  if (typeof __FLEETWARD_VERSION__ === 'string') return __FLEETWARD_VERSION__;
  const file = join(packageRoot(), 'package.json');
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : '0.0.0';
}

/** The folder of the checkout or of the installed package: where package.json and manifests/ are. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) return process.cwd();
    folder = parent;
  }
  return folder;
}
