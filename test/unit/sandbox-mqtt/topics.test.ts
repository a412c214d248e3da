import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TopicEmitter } from '../../../operator/sandbox/mqtt/emitter.ts';
import { FilterTree, isClientId, isTopic, matchesFilter, parseFilter } from '../../../operator/sandbox/mqtt/topics.ts';

const level = fc.constantFrom('a', 'b', '', '$x', 'constructor');
const topics = fc.array(level, { minLength: 1, maxLength: 5 }).map((l) => l.join('/'));
const filters = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([levels, hash]) => [...levels, ...(hash ? ['#'] : [])].join('/'));

/** AWS's matching written as a regular expression, independent of the tree. */
function expected(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false;
  const parts = filter.split('/').map((l) => (l === '+' ? '[^/]*' : l === '#' ? '.*' : l.replace('$', '\\$')));
  return new RegExp(`^${parts.join('/')}$`).test(topic);
}

describe('filters', () => {
  test('the tree finds exactly the filters that match', () => {
    fc.assert(
      fc.property(fc.uniqueArray(filters, { maxLength: 8 }), topics, (all, topic) => {
        const tree = new FilterTree<string>();
        for (const filter of all) tree.add(filter, filter);
        expect([...tree.match(topic)].sort()).toEqual(all.filter((f) => expected(f, topic)).sort());
        for (const filter of all) tree.remove(filter, filter);
        expect(tree.match(topic).size).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    { filter: 'a/b/c/d/e/f/g/h', valid: true, reason: 'seven slashes' },
    { filter: 'a/b/c/d/e/f/g/h/i', valid: false, reason: 'eight slashes' },
    { filter: 'a+', valid: false, reason: 'a plus is a level of its own' },
    { filter: '#/a', valid: false, reason: 'a hash is the last level' },
    { filter: '', valid: false, reason: 'empty' },
    { filter: '$share/g/a/b/c/d/e/f/g/h', valid: true, reason: 'the prefix of a shared subscription is not counted' },
    { filter: '$share/g', valid: false, reason: 'a group without a filter' },
    { filter: '$share//a', valid: false, reason: 'no group' },
    { filter: '$share/g+/a', valid: false, reason: 'a group with a wildcard' },
    { filter: 'x'.repeat(257), valid: false, reason: 'more than 256 bytes' },
  ])('$filter: $valid ($reason)', ({ filter, valid }) => {
    expect(parseFilter(filter) !== undefined).toBe(valid);
  });

  test('names that the broker does not take', () => {
    expect([isTopic('a/+'), isTopic('a/#'), isTopic(''), isTopic('a/b')]).toEqual([false, false, false, true]);
    expect([isClientId(''), isClientId('$x'), isClientId('x'.repeat(129)), isClientId('lamp')]).toEqual([
      false,
      false,
      false,
      true,
    ]);
    expect([matchesFilter('a/#', 'a'), matchesFilter('a/#', 'a/')]).toEqual([false, true]);
  });

  test('a member that left a shared subscription gets nothing more', () => {
    const emitter = new TopicEmitter();
    const heard: string[] = [];
    const one = () => heard.push('one');
    const two = () => heard.push('two');
    emitter.on('$share/g/t', one).on('$share/g/t', two);
    for (let i = 0; i < 4; i++) emitter.emit({ topic: 't' });
    emitter.removeListener('$share/g/t', one);
    emitter.emit({ topic: 't' });
    emitter.removeListener('$share/g/t', two);
    emitter.emit({ topic: 't' });
    expect(heard).toEqual(['one', 'two', 'one', 'two', 'two']);
  });
});
