import type { PolicyRollout } from '../../../../operator/api/policyrollout.gen.ts';
import { verb } from '../../../simulation/acts.ts';
import type { Act, SimConfig, SimPolicy } from '../../../simulation/types.ts';
import { allBut, CALM, fleetOf, MINUTE, NARROW, NARROWER, WIDE } from '../../../simulation/words.ts';
import type { World } from '../../../simulation/world.ts';

/** Something that happens so many minutes after the beginning, as a person would say it. */
export interface Step {
  readonly at: number;
  readonly who: string;
  readonly says: string;
  readonly act: Act | ((world: World) => void | Promise<void>);
}

export interface Scenario {
  /** Name of the page. */
  readonly name: string;
  readonly title: string;
  /** What the reader is about to see, in Markdown. */
  readonly about: string;
  readonly config?: Partial<SimConfig>;
  readonly steps: readonly Step[];
  /** Minutes after the beginning at which the story ends. */
  readonly until: number;
  /** How the newest rollout has to end; checked, so that no page tells of something else than its title. */
  readonly ends: { readonly phase: string; readonly reason?: string };
}

const DAY = 24 * 60;

const commit = (at: number, says: string, ...grants: readonly SimPolicy[]): Step => ({
  at,
  who: 'Git',
  says,
  act: { kind: 'document', how: 'new', grants },
});
const base = (grant: SimPolicy['grant']): SimPolicy => ({ name: 'base', grant });
const tighten = (at: number): Step => commit(at, 'a commit takes the right debug out of policy base', base(NARROW));

const word = (at: number, name: string, why: string): Step => ({
  at,
  who: 'kim',
  says: `fleetward rollout ${name} base   (${why})`,
  act: (world) => verb(world, name, 'right', 'kim'),
});

const act = (at: number, says: string, what: Act): Step => ({ at, who: 'world', says, act: what });

const device = (at: number, name: string, says: string, what: (world: World) => void | Promise<void>): Step => ({
  at,
  who: name,
  says,
  act: what,
});

const uses = (world: World, name: string, ...rights: readonly 'debug'[]): void => {
  const found = world.devices.get(name);
  if (found !== undefined) found.uses = rights;
};

/** Rollouts that do not ask what a device did before: what happens when it is refused is what the story is about. */
const JUDGE = { ...CALM.strategy, usedActions: 'Judge' };

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'tightening',
    title: 'A tightening reaches three devices, one at a time',
    about: `Three devices carry \`base\`. A commit takes from it a right that nobody uses. One device goes first; when the five
minutes that its wave bakes are over the others follow, one after the other. At the end \`base\` itself holds the new
document and everybody is back on it.`,
    config: fleetOf(3),
    steps: [tighten(2)],
    until: 210,
    ends: { phase: 'Succeeded', reason: 'Completed' },
  },
  {
    name: 'second-breaks',
    title: 'The second device breaks, comes back by itself, and nobody else moves',
    about: `\`usedActions: Judge\` moves devices whatever they did before. The second one publishes debug messages, is refused
after its change, and gets back what it had, without a person. The rollout pauses; the first device keeps what it was proven
on, the third was never touched. Kim then takes the revision back for everybody.`,
    config: { ...fleetOf(3), strategy: JUDGE },
    steps: [
      device(0, 'press-2', 'publishes debug messages from now on', (world) => uses(world, 'press-2', 'debug')),
      tighten(2),
      word(130, 'abort', 'the third one would break as well'),
    ],
    until: 180,
    ends: { phase: 'Aborted' },
  },
  {
    name: 'lifeline-denied',
    title: 'A lifeline is denied: one call brings everybody back',
    about: `Both our own evaluation and AWS's answer to \`TestAuthorization\` said that telemetry stays permitted. Then AWS logs
a denied telemetry message of a moved device. (The sandbox is made to tell that lie: it evaluates as we do.) A lifeline that is
denied is no matter of one device. The default version of the candidate goes back to version 1, which is one call, and gives the
old rights to whoever carries it; the attachments are tidied up afterwards.`,
    config: fleetOf(3),
    steps: [
      tighten(2),
      device(72, 'press-2', 'AWS logs that its telemetry was denied', (world) =>
        world.mishear({ clientId: 'press-2', right: 'telemetry' }),
      ),
    ],
    until: 130,
    ends: { phase: 'Aborted' },
  },
  {
    name: 'widening',
    title: 'A widening waits until somebody approves it',
    about: `What gives a device a right that it did not have is decided by a person, and nothing moves before. The denial of
another revision would change nothing, nor would an approval without a name.`,
    config: { ...fleetOf(2), policies: [base(NARROW)] },
    steps: [
      commit(2, 'a commit gives the right debug to policy base', base(WIDE)),
      {
        at: 20,
        who: 'somebody',
        says: 'approves, without a name and a revision',
        act: (world) => verb(world, 'approve', 'bare'),
      },
      word(40, 'approve', 'the service technicians need it'),
    ],
    until: 130,
    ends: { phase: 'Succeeded' },
  },
  {
    name: 'abort',
    title: 'A person aborts, with one device proven and one under way',
    about: `The brake is one call. Each device gets back its old attachments afterwards, the old policy first, the candidate
last, with a settle time between them. The document is remembered as rejected: it is not tried again by itself.`,
    config: fleetOf(3),
    steps: [tighten(2), word(55, 'abort', 'the line manager called')],
    until: 120,
    ends: { phase: 'Aborted' },
  },
  {
    name: 'security-act',
    title: 'A quarantine in the middle holds its device, and nobody lifts it for the responder',
    about: `A responder puts a device that is under way into the quarantine group. The rollout pauses and leaves the device
and its membership alone. When the responder takes it out again, the rollout goes on where it was.`,
    config: fleetOf(3),
    steps: [
      tighten(2),
      act(50, 'a responder quarantines press-2 for 40 minutes', {
        kind: 'quarantine',
        device: 1,
        forMs: 40 * MINUTE,
      }),
      word(100, 'resume', 'the responder is done'),
    ],
    until: 270,
    ends: { phase: 'Succeeded' },
  },
  {
    name: 'rare-visitor',
    title: 'A device that comes only now and then is deferred until it comes',
    about: `press-2 is there for 45 minutes every other day; one that comes once a week waits longer, and is treated alike. An offline device is never contracted: its silence afterwards could
not be told from a lockout. It keeps everything it has, and the rollout waits for it.`,
    config: {
      lives: ['steady', 'weekly'],
      certificates: [1, 1],
      periodMs: 5 * MINUTE,
      visitEveryMs: 2 * DAY * MINUTE,
    },
    steps: [tighten(90)],
    until: 2 * DAY + 60,
    ends: { phase: 'Succeeded' },
  },
  {
    name: 'superseded',
    title: 'A newer revision comes before the old one is through',
    about: `While the first revision is under way a second commit takes one right more. Devices that have not begun take the
newer document at once; the one that is proven on the older one goes first in the next rollout, whose way back is what was last
proven for everybody.`,
    config: fleetOf(3),
    steps: [tighten(2), commit(60, 'a further commit takes the right extra too', base(NARROWER))],
    until: 330,
    ends: { phase: 'Succeeded' },
  },
  {
    name: 'crash',
    title: 'The operator dies between a call and its answer, and later loses its Lease',
    about: `The first process dies right after the baseline of press-1 was detached: it never hears that the call went
through. The next one reads what AWS holds, waits for whatever of the dead process may still arrive, and goes on. Later a
process loses its Lease without knowing it; nothing that it still wants to do reaches AWS.`,
    config: fleetOf(2),
    steps: [
      tighten(2),
      act(11, 'the next detachment will be the last thing that the process does', {
        kind: 'crash',
        afterCalls: 1,
        effect: 'after',
        on: '/target-policies',
      }),
      act(52.2, 'the Lease goes to another process; the old one does not know it for 20 seconds', {
        kind: 'depose',
        gapMs: 10_000,
        forMs: 20_000,
      }),
    ],
    until: 180,
    ends: { phase: 'Succeeded' },
  },
  {
    name: 'connect-storm',
    title: 'Moved devices reconnect again and again, and all are brought back',
    about: `Nothing is denied, but the moved devices lose their sessions over and over. The retries of many take the
account's connect rate from everybody, so a storm is a reason to bring all back; a single device cannot make one.`,
    config: {
      ...fleetOf(9),
      strategy: { ...CALM.strategy, waves: [{ count: 4, bake: '30m' }], maxInFlight: 4 },
    },
    steps: [
      tighten(2),
      ...Array.from(
        { length: 24 },
        (_, index): Step =>
          device(46 + index / 4, 'press-1…4', 'connect anew every 15 seconds', (world) => {
            for (const name of ['press-1', 'press-2', 'press-3', 'press-4']) world.devices.get(name)?.reconnect();
          }),
      ).map((step, index) => (index === 0 ? step : { ...step, says: '' })),
    ],
    until: 110,
    ends: { phase: 'Aborted' },
  },
  {
    name: 'group-change',
    title: 'A group takes another policy, and is empty at no time',
    about: `Group \`hall\` gives its members the rights debug and extra through \`hall-wide\`, and is to give extra alone, through
\`hall-tight\`. Each member first gets both on its own certificates, which gives and takes nothing; then the group takes the new policy
and gives up the old one, which nobody notices; then the members lose what is to go, each with a verdict.`,
    config: {
      ...fleetOf(2),
      policies: [base(allBut('debug', 'extra'))],
      groups: [{ name: 'hall', policies: [{ name: 'hall-wide', grant: { allow: ['debug', 'extra'], deny: [] } }] }],
    },
    steps: [
      {
        at: 2,
        who: 'Git',
        says: 'a commit refers group hall to hall-tight, which gives extra alone',
        act: (world) =>
          world.declareGroups([
            { name: 'hall', policies: [{ name: 'hall-tight', grant: { allow: ['extra'], deny: [] } }] },
          ]),
      },
    ],
    until: 230,
    ends: { phase: 'Succeeded' },
  },
  {
    name: 'rotated-certificate',
    title: 'A certificate is rotated, and the old one goes when the device has used the new one',
    about: `A second certificate is declared beside the first; it gets what its device has now. The device is given its key and
connects with it. Then the first one leaves the spec: it is made inactive, which can be taken back, and loses its
policies only when the device was heard of without it.`,
    config: { strategy: { ...CALM.strategy, sessions: 'Reconnect', silenceDeadline: '2h' } },
    steps: [
      {
        at: 2,
        who: 'Git',
        says: 'a commit declares a second certificate, b',
        act: (world) => world.fleet.apply(world.declaration('press-1', ['a', 'b'])),
      },
      device(30, 'press-1', 'is given the key of b and connects with it', (world) => world.switchTo('press-1', 'b')),
      {
        at: 60,
        who: 'Git',
        says: 'a commit takes certificate a away',
        act: (world) => world.fleet.apply(world.declaration('press-1', ['b'])),
      },
    ],
    until: 180,
    ends: { phase: 'Succeeded' },
  },
  {
    name: 'stragglers',
    title: 'A device stays away, and the rollout ends without it',
    about: `\`stragglers: Leave\` ends a rollout some time after everybody who could be moved was moved. The device that was
away keeps what it had, and the declared name the old document, for as long as anybody carries it.`,
    config: { ...fleetOf(3), strategy: { ...CALM.strategy, stragglers: 'Leave', stragglersAfter: '3h' } },
    steps: [
      act(0, 'press-3 loses power for days', { kind: 'offline', device: 2, forMs: 100 * 60 * MINUTE }),
      tighten(20),
    ],
    until: 6 * 60,
    ends: { phase: 'Succeeded' },
  },
];

export async function newestRollout(world: World): Promise<PolicyRollout | undefined> {
  const { items } = await world.fleet.store.list({ kind: 'PolicyRollout' });
  return (items as readonly PolicyRollout[])
    .toSorted((a, b) => (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? ''))
    .at(-1);
}
