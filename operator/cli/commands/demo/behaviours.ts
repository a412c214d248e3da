import { type Behaviour, parseBehaviours } from '../../../sandbox/devices/behaviour.ts';

/** The press whose firmware says goodbye on a topic that nobody wrote down. */
export const FORGOTTEN = 'drs-press-02';
const OTHERS = ['drs-press-01', 'drs-press-03', 'drs-press-04', 'ham-press-01', 'ham-press-02'];

/** Its radio drops every four minutes, for hours. */
const DROPS = Array.from({ length: 120 }, (_, index) => `{ at: ${4 * (index + 1)}m, for: 10s }`).join(', ');

const press = (thing: string): string => `
  - things: ${thing}
    keepAlive: 20m
    subscribe: ["cmd/press/{thing}/+"]
    publish: [{ topic: "dt/{attr.site}/press/{thing}/strokes", payload: "{n}", every: 2m }]`;

/** What the devices do whose policies change (docs/sandbox-devices.md). */
export const behaviours: readonly Behaviour[] = parseBehaviours(`devices:
  - things: "*:GW-*"
    keepAlive: 20m
    will: { topic: "dt/gone/{thing}", payload: gone }
    subscribe: ["gateway/{thing}/+"]
    publish: [{ topic: "dt/{attr.site}/gateway/{thing}/status", payload: online, every: 2m }]
${OTHERS.map(press).join('')}
${press(FORGOTTEN)}
    will: { topic: "dt/{attr.site}/press/{thing}/gone", payload: gone }
    offline: [${DROPS}]
`);
