import { FORGOTTEN } from './behaviours.ts';
import { HURRIED, UNHURRIED } from './fast-forward.ts';
import { MoveTeller, narrow } from './moves.ts';
import { type Story, until } from './story.ts';

const ACCOUNT_ARN = 'arn:aws:iot:us-east-1:123456789012';

/** A right that nobody uses goes away: each asset gets the new policy, is watched, and loses the old one. */
export async function tighten(story: Story): Promise<void> {
  const { stage, view, signal } = story;
  view.chapter('A tighter policy, one asset at a time');
  const devices = await stage.connectDevices();
  stage.time.pace(HURRIED);
  view.line(`${devices.size} devices connect by MQTT over mutual TLS to ${devices.mqttEndpoint}`);
  view.line(`AWS takes 6 to 8 minutes to apply a policy, so time runs ${HURRIED} times as fast from here`);
  await until(stage, signal, 'the devices to connect', async () => devices.connected.size === devices.size);
  const teller = new MoveTeller(stage, view, 'gateway');
  await narrow(stage, 'gateway', 'PressCommands');
  const id = await stage.repository.commit('Gateways no longer command presses');
  view.line(`commit ${id}: gateways no longer command presses`);
  const sent = devices.sent;
  await until(stage, signal, 'the gateways to move', async () => {
    teller.tell();
    return teller.phase === 'Succeeded';
  });
  const went = `${devices.sent - sent} messages went through, ${devices.refused === 0 ? 'none was' : `${devices.refused} requests were`} refused`;
  view.good(`all gateways moved in ${teller.minutes} minutes of AWS's time; ${went}`);
}

/** What no analysis could know: one device needs a right that nothing tells of. */
export async function breaks(story: Story): Promise<void> {
  const { stage, view, signal } = story;
  view.chapter('A tighter policy that breaks a device, and comes back');
  const teller = new MoveTeller(stage, view, 'press');
  await narrow(stage, 'press', 'Telemetry', [
    `${ACCOUNT_ARN}:topic/dt/\${iot:Connection.Thing.Attributes[site]}/press/\${iot:Connection.Thing.ThingName}/strokes`,
  ]);
  const id = await stage.repository.commit('Presses report strokes and nothing else');
  view.line(`commit ${id}: presses may report strokes and nothing else`);
  view.line(`the firmware of ${FORGOTTEN} has a last will on another topic, which nobody wrote down`);
  await until(stage, signal, `${FORGOTTEN} to come back`, async () => {
    teller.tell();
    return teller.stateOf(FORGOTTEN) === 'RolledBack' && teller.phase === 'Paused';
  });
  view.good(`${FORGOTTEN} has its old policy again and is heard of; nobody else was touched`);
  view.line(`commit ${await stage.repository.revert()}: the engineer takes the change back`);
  await until(stage, signal, 'everybody to be back', async () => {
    teller.tell();
    return teller.phase === 'Aborted';
  });
  view.good('one call gave every moved press its old rights; then they came home one by one');
  stage.time.pace(UNHURRIED);
}
