/**
 * `npm run build`: one file that runs with Node 24 and nothing else of the repository, for the image and the npm package
 * (type stripping is refused under node_modules), and the policy library as a module of its own.
 */
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { build } from 'esbuild';

const manifest: unknown = JSON.parse(await readFile('package.json', 'utf8'));
const version =
  typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : '0.0.0';

/** Where the bundle goes; a test builds into a folder of its own. */
const outdir = process.argv[2] ?? 'dist';
await mkdir(outdir, { recursive: true });

const shared = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  legalComments: 'linked',
  logLevel: 'warning',
  define: { __FLEETWARD_VERSION__: JSON.stringify(version) },
} as const;

await build({
  ...shared,
  entryPoints: { fleetward: 'operator/cli/main.ts' },
  outdir,
  outExtension: { '.js': '.mjs' },
  // Commands load on demand, so that `version` does not pay for the AWS SDK.
  splitting: true,
  // The AWS clients as ES modules: as CommonJS a dynamic import sees one default export and none of their schemas.
  mainFields: ['module', 'main'],
  chunkNames: 'chunks/[name]-[hash]',
  minify: true,
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
});
await build({
  ...shared,
  entryPoints: { policy: 'operator/policy/library.ts' },
  outdir,
  outExtension: { '.js': '.mjs' },
});
await chmod(`${outdir}/fleetward.mjs`, 0o755);
