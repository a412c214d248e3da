import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Agent, request } from 'undici';
import { type Behaviour, BehaviourError, parseBehaviours } from '../../sandbox/devices/behaviour.ts';
import type { DeviceEvent, SimulatedThing } from '../../sandbox/devices/device.ts';
import { startFleet } from '../../sandbox/devices/fleet.ts';
import { mqttLinks, type ThingIdentity } from '../../sandbox/devices/mqtt-link.ts';
import { RemoteClock } from '../../sandbox/devices/remote-clock.ts';
import { type Parsed, parseArguments } from '../args/parse.ts';
import type { CommandSpec } from '../args/spec.ts';
import { CommandError, Exit, UsageError } from '../exit.ts';
import type { CliIo } from '../io.ts';

export const sandboxDevicesSpec: CommandSpec = {
  name: 'sandbox devices',
  group: 'Try',
  summary: 'simulate the devices of a fleet on a running sandbox',
  usage: 'FILE',
  description: 'Connects real MQTT clients over mutual TLS, as the behaviour file says, on the clock of the sandbox.',
  flags: [
    { name: 'control', value: 'URL', summary: 'Control endpoint that `fleetward sandbox` printed.' },
    {
      name: 'ca',
      value: 'FILE',
      complete: 'file',
      summary: 'Authority of the control endpoint, when it is served over TLS.',
    },
    { name: 'quiet', summary: 'Print only how many devices are connected.' },
  ],
  complete: 'file',
  examples: ['fleetward sandbox devices devices.yaml --control http://127.0.0.1:8123/_sandbox/'],
};

const POLL_MS = 200;

/** `fleetward sandbox devices FILE`: runs until a signal asks it to end. */
export async function sandboxDevicesCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(sandboxDevicesSpec, argv);
  const [file, ...more] = args.positionals;
  const control = args.text('control');
  if (file === undefined || more.length > 0) throw new UsageError('sandbox devices takes one behaviour file');
  if (control === undefined)
    throw new UsageError('--control is needed: the control endpoint that fleetward sandbox printed');
  const behaviours = await readBehaviours(resolve(io.cwd, file));
  const ca = args.text('ca');
  const endpoint = new ControlEndpoint(
    control,
    ca === undefined ? undefined : await readFile(resolve(io.cwd, ca), 'utf8'),
  );
  const interrupted = untilSignal();
  const clock = new RemoteClock((await endpoint.get<{ now: number }>('clock')).now);
  const { things } = await endpoint.get<{ things: SimulatedThing[] }>('devices');
  const open = mqttLinks((thing) => endpoint.post<ThingIdentity>('devices', { thing }));
  const fleet = startFleet(behaviours, things, { clock, open, tell: reporter(args, io) });
  if (fleet.size === 0) throw new CommandError(`No thing in the sandbox fits ${file}; it has ${things.length} things.`);
  io.stdout(`${fleet.size} devices on ${control}. Ctrl-C ends them.\n`);
  const polling = setInterval(() => {
    endpoint.get<{ now: number }>('clock').then(
      ({ now }) => clock.read(now),
      // The sandbox may be restarting; its devices wait with it.
      () => {},
    );
  }, POLL_MS);
  await interrupted;
  clearInterval(polling);
  fleet.stop();
  await endpoint.close();
  return Exit.ok;
}

async function readBehaviours(path: string): Promise<Behaviour[]> {
  try {
    return parseBehaviours(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof BehaviourError) throw new UsageError(`${path}: ${error.message}`);
    throw new UsageError(`${path} cannot be read: ${error instanceof Error ? error.message : 'unknown reason'}`);
  }
}

class ControlEndpoint {
  readonly #base: string;
  readonly #agent: Agent;

  constructor(base: string, ca: string | undefined) {
    this.#base = base.endsWith('/') ? base : `${base}/`;
    this.#agent = new Agent(ca === undefined ? {} : { connect: { ca } });
  }

  get<T>(path: string): Promise<T> {
    return this.#call(path, { method: 'GET' });
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.#call(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
  }

  close(): Promise<void> {
    return this.#agent.close();
  }

  async #call<T>(path: string, options: Parameters<typeof request>[1]): Promise<T> {
    try {
      const { statusCode, body } = await request(`${this.#base}${path}`, { ...options, dispatcher: this.#agent });
      const answer = (await body.json()) as T & { readonly message?: string };
      if (statusCode !== 200) throw new Error(answer.message ?? `status ${statusCode}`);
      return answer;
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown reason';
      throw new CommandError(`The sandbox at ${this.#base} does not answer: ${reason}`, Exit.failed, error);
    }
  }
}

function reporter(args: Parsed, io: CliIo): (event: DeviceEvent) => void {
  let connected = 0;
  return (event) => {
    if (event.kind === 'connected') connected++;
    if (event.kind === 'closed') connected--;
    const topic = 'topic' in event ? ` ${event.topic}` : '';
    if (!args.has('quiet')) io.stdout(`${event.clientId} ${event.kind}${topic}\n`);
    else if (event.kind === 'connected' || event.kind === 'closed') io.stdout(`${connected} connected\n`);
  };
}

function untilSignal(): Promise<void> {
  return new Promise((done) => {
    const stop = () => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      done();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}
