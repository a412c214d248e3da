import type { Stage } from './stage.ts';

export const nextCommands: readonly string[] = [
  'fleetward demo --keep                      the same, and everything stays to be looked at',
  'fleetward validate manifests/examples/     check manifests, offline',
  'fleetward run --standalone --source FOLDER --once    your own fleet, against your own account',
];

/** With our command line, and with AWS's. */
export function howToLook(stage: Stage): readonly string[] {
  const { accessKeyId, secretAccessKey } = stage.credentials;
  return [
    `fleetward get fleet --state ${stage.state}`,
    `fleetward describe device drs-press-01 --state ${stage.state}`,
    '',
    `export AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey} AWS_REGION=${stage.region}`,
    `aws --endpoint-url ${stage.endpoint} iot list-things`,
    `aws --endpoint-url ${stage.endpoint} iot list-attached-policies --target "$(aws --endpoint-url ${stage.endpoint} iot list-thing-principals --thing-name drs-press-01 --query 'principals[0]' --output text)"`,
    '',
    `cd ${stage.repository.folder}   change the fleet, git commit: it follows within seconds`,
  ];
}
