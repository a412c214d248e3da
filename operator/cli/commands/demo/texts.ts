import type { Sandboxed } from './sandboxed.ts';
import type { Stage } from './stage.ts';

export const nextCommands: readonly string[] = [
  'fleetward demo --keep                      the same, and everything stays to be looked at',
  'fleetward validate manifests/examples/     check manifests, offline',
  'fleetward policy compare OLD NEW           what a change of a policy newly allows, to whom, by which line',
  'fleetward run --standalone --source FOLDER --once    your own fleet, against your own account',
];

/** With our command line, and with AWS's. */
export function lookCommands({ state, key, region, endpoint }: Sandboxed): readonly string[] {
  const aws = `aws --endpoint-url ${endpoint} iot`;
  return [
    `fleetward get fleet --state ${state}`,
    `fleetward describe device drs-press-01 --state ${state}`,
    '',
    `export AWS_ACCESS_KEY_ID=${key.accessKeyId} AWS_SECRET_ACCESS_KEY=${key.secretAccessKey} AWS_REGION=${region}`,
    `${aws} list-things`,
    `${aws} list-thing-principals --thing-name drs-press-01`,
  ];
}

export function howToLook(stage: Stage): readonly string[] {
  return [
    ...lookCommands(stage),
    '',
    `cd ${stage.repository.folder}   change the fleet, git commit: it follows within seconds`,
  ];
}
