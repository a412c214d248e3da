import process from 'node:process';
import type { DriftNotice } from '../../../controllers/external/types.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { createLogger, type Logger, silentLogger } from '../../../runtime/log.ts';
import { handleSignals } from '../../../runtime/shutdown.ts';
import { parseArguments } from '../../args/parse.ts';
import { environment } from '../../config/environment.ts';
import { Exit } from '../../exit.ts';
import type { CliIo } from '../../io.ts';
import { breaks, tighten } from './acts.ts';
import { demoSpec } from './demo-spec.ts';
import { driftScenes, growth, hasArrived, noticeLines, rolloutOf, type Scene } from './scenes.ts';
import { type Stage, setStage } from './stage.ts';
import { type Story, until } from './story.ts';
import { howToLook, nextCommands } from './texts.ts';
import { View } from './view.ts';

/** `fleetward demo`: the main job end to end, on a sandbox. */
export async function demoCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(demoSpec, argv);
  const log: Logger = args.has('verbose')
    ? createLogger({ format: 'pretty', write: (line) => io.stderr(line), now: Date.now })
    : silentLogger;
  const shutdown = handleSignals(process, log);
  const view = new View(io, io.isTTY && !environment().noColour);
  const notices: DriftNotice[] = [];
  const began = systemClock.monotonic();
  let stage: Stage | undefined;
  try {
    view.chapter('A sandbox instead of AWS, and a factory in Git');
    stage = await setStage({ log, onDrift: (notice) => notices.push(notice), signal: shutdown.signal });
    const story: Story = { stage, view, notices, signal: shutdown.signal };
    await tell(story, began);
    if (args.has('keep')) {
      view.chapter('Everything keeps running: Ctrl-C ends it');
      for (const line of howToLook(stage)) view.line(line);
      await stage.running.catch(() => undefined);
    } else {
      view.chapter('Try next');
      for (const line of nextCommands) view.line(line);
    }
    return Exit.ok;
  } finally {
    await stage?.close();
    shutdown.dispose();
  }
}

async function tell(story: Story, began: number): Promise<void> {
  const { stage, view } = story;
  view.line(`sandbox    ${stage.endpoint}  (the unmodified AWS SDK talks to it)`);
  view.line(`repository ${stage.repository.url}`);
  view.chapter('From Git to AWS');
  const total = await converge(story);
  view.good(`all ${total} objects are Ready`);
  const created = stage.sandbox.ledger.entries({ mutating: true }).length;
  view.good(`${created} writes to AWS: things, certificates, groups, policies, attachments, in the right order`);
  await drift(story);
  await commit(story);
  await tighten(story);
  await breaks(story);
  view.chapter('Summary');
  const { cache } = stage.standalone.operator;
  view.line(
    `${cache.count('Device')} devices, ${cache.count('IoTPolicy')} policies, ${cache.count('ThingGroup')} groups as Git says`,
  );
  view.line(`${driftScenes(stage).length} changes made behind its back, noticed and put right`);
  view.line(`${Math.round((systemClock.monotonic() - began) / 100) / 10} seconds from nothing to here`);
}

async function converge({ stage, view, signal }: Story): Promise<number> {
  const { operator } = stage.standalone;
  const { readiness, cache } = operator;
  await until(stage, signal, 'the fleet to become Ready', async () => {
    const { source } = stage.standalone;
    view.progress(readiness.ready, readiness.total, 'Ready');
    const applied = cache.get(source);
    const done = readiness.allReady && readiness.total > 1 && applied !== undefined && operator.quiet;
    return done;
  });
  return readiness.total;
}

async function drift({ stage, view, notices, signal }: Story): Promise<void> {
  view.chapter('Somebody changes AWS behind its back');
  const scenes = driftScenes(stage);
  notices.length = 0;
  for (const scene of scenes) {
    await scene.act();
    view.line(`somebody ${scene.told}`);
  }
  let shown = 0;
  const seen = new Set<Scene>();
  await until(stage, signal, 'drift to be noticed and corrected', async () => {
    for (; shown < notices.length; shown++) {
      const notice = notices[shown]!;
      for (const { label, text } of noticeLines(notice)) view.noticed(label, text);
      for (const scene of scenes) {
        if (scene.kind === notice.object.kind && scene.name === notice.object.metadata.name) seen.add(scene);
      }
    }
    if (seen.size < scenes.length) return false;
    const undone = await Promise.all(scenes.map((scene) => scene.undone()));
    return undone.every(Boolean);
  });
  view.good('each was classed, shown with its fields, and set back; the stranger’s policy itself was not touched');
}

async function commit({ stage, view, signal }: Story): Promise<void> {
  view.chapter('A commit adds devices and widens a policy');
  const { repository } = stage;
  const change = growth(stage);
  await repository.write(change.file, change.text);
  await repository.addStatement(`policies/${change.shared}.yaml`, change.statement);
  const id = await repository.commit('Three more sensors in Dresden; sensors may raise alarms');
  view.line(`commit ${id}: ${change.names.join(', ')}; a statement in the policy ${change.shared}`);
  await until(stage, signal, 'the commit to arrive in AWS', () => hasArrived(stage, change));
  view.good('the devices are in AWS, with keys made here and certificates issued for them');
  const rollout = rolloutOf(stage, change.shared);
  view.good(
    `policy ${change.shared} would allow more to ${rollout?.assets} devices, so it waits: PolicyRollout ${rollout?.name}`,
  );
  view.line(`  ${rollout?.message}`);
}
