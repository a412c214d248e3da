import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseBehaviours } from '../../../operator/sandbox/devices/behaviour.ts';

describe('behaviour files', () => {
  test('what is left out has its default', () => {
    expect(parseBehaviours('devices: [{ things: "*" }]')).toEqual([
      {
        things: '*',
        clientId: '{thing}',
        connectAt: 0,
        stagger: 0,
        cleanSession: true,
        keepAliveSeconds: 60,
        will: undefined,
        subscribe: [],
        publish: [],
        shadow: 'ignore',
        jobs: 'ignore',
        offline: [],
      },
    ]);
  });

  test.each([
    { text: 'devices: [', says: 'not YAML', reason: 'broken text' },
    { text: '[]', says: 'the file: a mapping is needed', reason: 'another shape' },
    { text: 'devices: []', says: 'at least one', reason: 'nothing to do' },
    { text: 'devices: [{}]', says: 'devices[0].things: is missing', reason: 'no things' },
    {
      text: 'devices: [{things: a, keepalive: 3s}]',
      says: 'keepalive: unknown field; known are',
      reason: 'a misspelling',
    },
    { text: 'devices: [{things: a, connectAt: 3}]', says: 'a duration such as', reason: 'a number has no unit' },
    {
      text: 'devices: [{things: a, publish: [{topic: t, qos: 2}]}]',
      says: 'publish[0].qos: one of 0, 1',
      reason: 'QoS 2',
    },
    { text: 'devices: [{things: a, subscribe: [1]}]', says: 'subscribe: a list of texts', reason: 'numbers' },
    { text: 'devices: [{things: a, will: {payload: x}}]', says: 'will.topic: is missing', reason: 'half a will' },
  ])('$reason: the message says where and what', ({ text, says }) => {
    expect(() => parseBehaviours(text)).toThrow(says);
  });

  test('the factory example can be read', () => {
    const text = readFileSync(new URL('../../../manifests/examples/factory-devices.yaml', import.meta.url), 'utf8');
    expect(parseBehaviours(text).map((b) => b.things)).toEqual(['*-press-*', '*-sensor-*', '*:GW-*']);
  });
});
