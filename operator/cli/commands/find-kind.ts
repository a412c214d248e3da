import type { KindDefinition } from '../../api/schema-types.ts';
import { kindDefinitions } from '../../api/schemas.gen.ts';
import { nearest } from '../../api/validation/nearest.ts';
import { UsageError } from '../exit.ts';

/** `devices`, `Device`, `dev`, `device,policy` and `fleet` (all kinds), as kubectl reads them. */
export function findKinds(word: string): readonly KindDefinition[] {
  const parts = word.split(',').filter((part) => part !== '');
  return [...new Set(parts.flatMap(findKind))];
}

function findKind(word: string): readonly KindDefinition[] {
  const wanted = word.toLowerCase().replace(/\.fleetward\.dev$/, '');
  if (wanted === 'fleet' || wanted === 'all') return kindDefinitions;
  const found = kindDefinitions.find((definition) => namesOf(definition).includes(wanted));
  if (found) return [found];
  const guess = nearest(wanted, kindDefinitions.flatMap(namesOf));
  const kinds = kindDefinitions.map(({ plural, shortNames }) => `${plural} (${shortNames.join(', ')})`).join(', ');
  throw new UsageError(
    `There is no kind "${word}"${guess === undefined ? '.' : `; did you mean ${guess}?`} Kinds: ${kinds}, fleet (all of them)`,
  );
}

function namesOf({ kind, plural, singular, shortNames }: KindDefinition): string[] {
  return [kind.toLowerCase(), plural, singular, ...shortNames];
}
