import { describe, expect, it } from 'vitest';
import type { ObjectMeta } from '../../../../operator/api/meta.ts';
import { checkMetadata } from '../../../../operator/runtime/store/metadata-rules.ts';
import { document } from '../../../support/store.ts';

const fieldsRefused = (metadata: Partial<ObjectMeta>) =>
  checkMetadata(document('Device', 'press-1', { metadata })).map((error) => error.field);

describe('metadata is checked as an API server checks it', () => {
  const table: readonly { metadata: Partial<ObjectMeta>; refused: readonly string[]; reason: string }[] = [
    { metadata: {}, refused: [], reason: 'a plain object' },
    { metadata: { name: 'press-1.hall-2' }, refused: [], reason: 'dots separate DNS labels' },
    { metadata: { name: 'Press' }, refused: ['metadata.name'], reason: 'upper case' },
    { metadata: { name: 'press_1' }, refused: ['metadata.name'], reason: 'underscore' },
    { metadata: { name: '' }, refused: ['metadata.name'], reason: 'empty' },
    { metadata: { name: 'a..b' }, refused: ['metadata.name'], reason: 'empty DNS label' },
    { metadata: { name: '-a' }, refused: ['metadata.name'], reason: 'starts with a dash' },
    { metadata: { name: 'a'.repeat(253) }, refused: [], reason: 'longest name' },
    { metadata: { name: 'a'.repeat(254) }, refused: ['metadata.name'], reason: 'a character too many' },
    { metadata: { namespace: '' }, refused: ['metadata.namespace'], reason: 'every kind is namespaced' },
    { metadata: { namespace: 'a.b' }, refused: ['metadata.namespace'], reason: 'a namespace is one DNS label' },
    { metadata: { labels: { 'fleetward.dev/source': 'a1-B_2.c' } }, refused: [], reason: 'prefixed label' },
    { metadata: { labels: { site: '' } }, refused: [], reason: 'label values may be empty' },
    { metadata: { labels: { site: 'a b' } }, refused: ['metadata.labels[site]'], reason: 'space in a value' },
    { metadata: { labels: { site: 'a'.repeat(64) } }, refused: ['metadata.labels[site]'], reason: 'value too long' },
    { metadata: { labels: { site: '-a' } }, refused: ['metadata.labels[site]'], reason: 'value starts with a dash' },
    { metadata: { labels: { 'a/b/c': 'x' } }, refused: ['metadata.labels[a/b/c]'], reason: 'two slashes' },
    {
      metadata: { labels: { 'Not.Dns/x': 'x' } },
      refused: ['metadata.labels[Not.Dns/x]'],
      reason: 'upper case prefix',
    },
    { metadata: { annotations: { note: 'any text: ✓' } }, refused: [], reason: 'annotation values are free' },
    { metadata: { annotations: { 'a b': '' } }, refused: ['metadata.annotations[a b]'], reason: 'space in a name' },
    { metadata: { annotations: { big: 'x'.repeat(262_145) } }, refused: ['metadata.annotations'], reason: '256 KiB' },
  ];
  it.each(table)('$reason', ({ metadata, refused }) => {
    expect(fieldsRefused(metadata)).toEqual(refused);
  });

  it('reports all mistakes at once', () => {
    expect(fieldsRefused({ name: 'X', namespace: 'Y', labels: { a: ' ' } })).toHaveLength(3);
  });
});
