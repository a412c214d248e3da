import type { CommandSpec } from '../args/spec.ts';

export const validateSpec: CommandSpec = {
  name: 'validate',
  group: 'Check',
  summary: 'check manifests offline: every mistake at once, with file, line and column',
  usage: 'PATH…',
  description:
    'Checks manifests without a cluster and without AWS: syntax, every field against its schema and rules, duplicates, references ' +
    'between objects, and what AWS would refuse. All problems are shown at once, as FILE:LINE:COLUMN.\n' +
    'Folders are read with all their sub-folders (.yaml, .yml and .json; names that begin with a dot are left out). ' +
    'A FleetSource makes the same checks before it applies anything.',
  flags: [
    {
      name: 'output',
      short: 'o',
      value: 'FORMAT',
      complete: ['text', 'json'],
      summary: 'json: one document with counts, errors and warnings, for programs. Default text.',
    },
    {
      name: 'partial',
      summary:
        'The paths are only a part of the fleet: references to objects that are not there are warnings instead of errors.',
    },
    { name: 'strict', summary: 'Warnings count as errors.' },
  ],
  complete: 'file',
  examples: [
    'fleetward validate fleet/',
    'fleetward validate --partial fleet/devices/press-1.yaml',
    "fleetward validate fleet/ --output json | jq -r '.errors[].message'",
  ],
};
