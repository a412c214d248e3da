import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide, restoreId, worstFirst } from '../../../operator/drift/decide.ts';
import { allowsNothing, canonicalText, documentDrift, sameDocument } from '../../../operator/drift/document.ts';
import { driftStatus, driftText } from '../../../operator/drift/status.ts';
import type { Change, DriftClass } from '../../../operator/drift/types.ts';

const change = (kind: DriftClass, more: Partial<Change<string>> = {}): Change<string> => ({
  field: kind,
  class: kind,
  cause: 'drift',
  action: 'act',
  ...more,
});

const settings = { managementPolicy: 'Manage', driftPolicy: 'Correct', restore: new Set<string>(), idOf: () => 'id' };

describe('what is set right and what is only shown', () => {
  const rows: readonly (readonly [
    change: Change<string>,
    settings: Partial<typeof settings>,
    fate: 'act' | 'show' | 'neither',
    reason: string,
  ])[] = [
    [change('missing', { cause: 'spec' }), {}, 'act', 'the spec asks for it'],
    [change('missing', { cause: 'spec' }), { driftPolicy: 'Ignore' }, 'act', 'a drift policy speaks of drift alone'],
    [change('widened'), {}, 'act', 'somebody can do too much'],
    [change('changed'), {}, 'act', 'a plain difference'],
    [change('narrowed'), {}, 'show', 'somebody may be containing an incident'],
    [change('narrowed'), { restore: new Set(['id']) }, 'act', 'a person asked for exactly that'],
    [change('foreign'), {}, 'show', 'not ours'],
    [{ field: 'x', class: 'widened', cause: 'drift' }, {}, 'show', 'nothing of ours may end it'],
    [change('widened'), { driftPolicy: 'Report' }, 'show', 'reported only'],
    [change('widened'), { driftPolicy: 'Ignore' }, 'neither', 'not even that'],
    [change('widened'), { driftPolicy: 'Surprise' }, 'show', 'an unknown policy writes nothing'],
    [change('missing', { cause: 'spec' }), { managementPolicy: 'Observe' }, 'show', 'never written'],
    [change('missing', { cause: 'spec' }), { managementPolicy: 'Surprise' }, 'show', 'unknown is Observe'],
    [change('mitigation'), {}, 'show', 'held'],
    [change('mitigation'), { driftPolicy: 'Ignore' }, 'show', 'a security act is shown whatever the drift policy'],
    [change('mitigation'), { restore: new Set(['id']) }, 'act', 'acknowledged'],
  ];

  test.each(rows)('%j under %j: %s, because %s', (one, more, fate) => {
    const { act, show } = decide([one as Change<string>], { ...settings, ...(more as Partial<typeof settings>) });
    expect([act.length, show.length]).toEqual(fate === 'act' ? [1, 0] : fate === 'show' ? [0, 1] : [0, 0]);
  });

  test('a security act holds everything else on the object, changes of the spec too', () => {
    const { act, held } = decide(
      [change('missing', { cause: 'spec' }), change('widened'), change('mitigation')],
      settings,
    );
    expect(act).toEqual([]);
    expect(held?.class).toBe('mitigation');
  });

  test('an acknowledgement names one act: another field, value or time is another act', () => {
    const base = { field: 'groups[q]', class: 'mitigation', got: 'member' } as const;
    const id = restoreId(base, '2026-01-01T00:00:00Z');
    expect(id).toMatch(/^[0-9a-f]{8}$/);
    const others = [
      restoreId({ ...base, field: 'groups[r]' }, '2026-01-01T00:00:00Z'),
      restoreId({ ...base, got: 'x' }, '2026-01-01T00:00:00Z'),
      restoreId(base, '2026-01-01T00:00:01Z'),
    ];
    expect(others).not.toContain(id);
  });
});

describe('drift in status', () => {
  test('lists the worst first, at most twenty, with the total', () => {
    const changes = [...Array.from({ length: 30 }, (_, i) => change('changed', { field: `a${i}` })), change('widened')];
    const status = driftStatus(changes, undefined, 'now');
    expect(status).toMatchObject({ class: 'widened', total: 31, since: 'now' });
    expect(status?.fields).toHaveLength(20);
    expect(status?.fields?.[0]?.class).toBe('widened');
  });

  test('keeps since when while the worst class stays, and begins anew when it changes', () => {
    const before = driftStatus([change('changed')], undefined, 't1');
    expect(driftStatus([change('changed', { field: 'other' })], before, 't2')?.since).toBe('t1');
    expect(driftStatus([change('widened')], before, 't2')?.since).toBe('t2');
    expect(driftStatus([], before, 't2')).toBeUndefined();
  });

  test('bounds every text', () => {
    const long = 'x'.repeat(5_000);
    const [field] =
      driftStatus([change('changed', { field: long, want: long, got: long })], undefined, 't')?.fields ?? [];
    for (const text of [field?.field, field?.want, field?.got]) expect(text?.length).toBe(256);
  });

  test('says in one line what differs, and how much more', () => {
    const text = driftText(
      [
        change('changed', { field: 'a', want: '1', got: '2' }),
        change('missing'),
        change('foreign'),
        change('narrowed'),
      ],
      2,
    );
    expect(text).toBe('narrowed narrowed; missing missing; and 2 more');
    expect(worstFirst([change('foreign'), change('widened')])[0]?.class).toBe('widened');
  });
});

describe('policy documents', () => {
  const arn = (rest: string) => `arn:aws:iot:us-east-1:123456789012:${rest}`;
  const place = { account: '123456789012', region: 'us-east-1', partition: 'aws' };
  const doc = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });
  const allow = (...topics: string[]) => ({
    Effect: 'Allow',
    Action: ['iot:Publish'],
    Resource: topics.map((t) => arn(`topic/${t}`)),
  });
  const want = doc(allow('a/*'));

  test.each([
    [want, 'same', 'the same text'],
    [doc({ Resource: arn('topic/a/*'), Action: 'iot:publish', Effect: 'Allow', Sid: 'x' }), 'same', 'another form'],
    [doc(allow('a/*', 'a/b')), 'same', 'another text with the same rights'],
    [doc(allow('a/*', 'b')), 'widened', 'one topic more'],
    [doc(allow('a/b')), 'narrowed', 'one topic of many'],
    [
      doc(allow('a/*'), { Effect: 'Deny', Action: ['iot:Publish'], Resource: [arn('topic/a/x')] }),
      'narrowed',
      'a new deny',
    ],
    [doc(allow('b')), 'widened', 'something is won beside what is lost'],
    [doc(), 'mitigation', 'nothing is allowed any more'],
    [doc({ Effect: 'Deny', Action: '*', Resource: '*' }), 'mitigation', 'everything is denied'],
    ['not json', 'changed', 'not even a document'],
  ])('%s is %s: %s', (got, expected) => {
    expect(documentDrift(want, got, place)).toBe(expected);
  });

  test('shuffles and single values of one document are one document', () => {
    const word = fc.stringMatching(/^[a-z]{1,4}$/);
    const statement = fc.record({
      Effect: fc.constantFrom('Allow', 'Deny'),
      Action: fc.array(
        word.map((w) => `iot:${w}`),
        { minLength: 1, maxLength: 3 },
      ),
      Resource: fc.array(word, { minLength: 1, maxLength: 3 }),
      Condition: fc.dictionary(
        fc.constantFrom('StringEquals', 'Bool'),
        fc.dictionary(word, fc.array(word, { minLength: 1, maxLength: 2 })),
      ),
    });
    const scrambled = fc
      .array(statement, { minLength: 1, maxLength: 4 })
      .chain((statements) =>
        fc.tuple(
          fc.constant(statements),
          fc.shuffledSubarray(statements, { minLength: statements.length }),
          fc.boolean(),
        ),
      );
    fc.assert(
      fc.property(scrambled, ([statements, shuffled, single]) => {
        const other = shuffled.map(({ Action, Resource, ...rest }) => ({
          Resource: single && Resource.length === 1 ? Resource[0] : [...Resource].reverse(),
          ...rest,
          Sid: 'named',
          Action: [...Action, ...Action].map((a) => a.toUpperCase()),
        }));
        expect(sameDocument({ Version: 'v', Statement: statements }, { Statement: other, Version: 'v' })).toBe(true);
      }),
    );
  });

  test('canonical forms of this release: a change here would rewrite policies of every fleet', () => {
    expect(
      canonicalText({
        Version: '2012-10-17',
        Statement: { Effect: 'Allow', Action: 'iot:*', Resource: '*', Sid: 'all' },
      }),
    ).toBe('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iot:*"],"Resource":["*"]}]}');
    expect(canonicalText('{')).toBeUndefined();
    expect(sameDocument('{', '{')).toBe(false);
    expect(allowsNothing('{')).toBe(false);
  });
});
