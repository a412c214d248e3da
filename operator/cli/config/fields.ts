/** What one setting may be. Small on purpose: the file has a dozen settings, and each error names its place. */
export type Field =
  | { readonly kind: 'text'; readonly pattern?: RegExp; readonly what: string }
  | { readonly kind: 'choice'; readonly of: readonly string[] }
  | { readonly kind: 'switch' }
  | { readonly kind: 'number'; readonly min: number; readonly max: number; readonly whole: boolean }
  | { readonly kind: 'duration' }
  | { readonly kind: 'list'; readonly of: Field }
  /** Any keys. */
  | { readonly kind: 'map'; readonly of: Field }
  | { readonly kind: 'section'; readonly fields: Readonly<Record<string, Field>> };

const DURATION = /^(\d+(\.\d+)?(ms|s|m|h))+$/;

const duration: Field = { kind: 'duration' };
const texts: Field = { kind: 'list', of: { kind: 'text', what: 'a text' } };

/** The configuration file, field by field, in the order of docs/cli.md. */
export const configFields = {
  installation: {
    kind: 'text',
    pattern: /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/,
    what: 'at most 32 lower-case letters, digits and dashes',
  },
  watchNamespaces: texts,
  allowedRoleArns: { kind: 'map', of: texts },
  allowedEndpoints: texts,
  allowedCheckHosts: {
    kind: 'list',
    of: {
      kind: 'text',
      pattern: /^(\*\.)?([a-z0-9]([a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:]+\])(:\d{1,5})?$/,
      what: 'HOST, HOST:PORT or *.SUFFIX, in lower case and without https://',
    },
  },
  allowFileSources: { kind: 'switch' },
  usersPinned: { kind: 'switch' },
  evidence: { kind: 'text', pattern: /^\//, what: 'an absolute path of a folder' },
  endpoint: { kind: 'text', pattern: /^https?:\/\/[^\s/]+/, what: 'an http:// or https:// URL' },
  concurrency: { kind: 'number', min: 1, max: 256, whole: true },
  creationsPerSecond: { kind: 'number', min: 0, max: 100_000, whole: true },
  listen: { kind: 'text', pattern: /^([^\s:]*|\[[0-9a-f:]+\]):\d{1,5}$/i, what: 'HOST:PORT or :PORT' },
  log: {
    kind: 'section',
    fields: {
      level: { kind: 'choice', of: ['debug', 'info', 'warn', 'error'] },
      format: { kind: 'choice', of: ['json', 'pretty'] },
    },
  },
  leaderElection: {
    kind: 'section',
    fields: {
      name: { kind: 'text', pattern: /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, what: 'a DNS name' },
      leaseDuration: duration,
      renewDeadline: duration,
      retryPeriod: duration,
    },
  },
} as const satisfies Readonly<Record<string, Field>>;

/** Undefined when the value fits, else what was expected. Containers are checked by their walker. */
export function expected(field: Field, value: unknown): string | undefined {
  switch (field.kind) {
    case 'text':
      return typeof value === 'string' && (field.pattern?.test(value) ?? true) ? undefined : field.what;
    case 'choice':
      return typeof value === 'string' && field.of.includes(value) ? undefined : `one of ${field.of.join(', ')}`;
    case 'switch':
      return typeof value === 'boolean' ? undefined : 'true or false';
    case 'number': {
      const fits = typeof value === 'number' && value >= field.min && value <= field.max;
      if (fits && (!field.whole || Number.isInteger(value))) return undefined;
      return `a${field.whole ? ' whole' : ''} number from ${field.min} to ${field.max}`;
    }
    case 'duration':
      return typeof value === 'string' && DURATION.test(value) ? undefined : 'a duration such as 15s or 1m30s';
    case 'list':
      return Array.isArray(value) ? undefined : 'a list';
    case 'map':
    case 'section':
      return typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : 'a section with keys';
    default:
      return field satisfies never;
  }
}
