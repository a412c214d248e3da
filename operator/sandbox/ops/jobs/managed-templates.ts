import type { DocumentParameter } from '@aws-sdk/client-iot';

/** A template of AWS itself, for jobs that the AWS IoT Device Client carries out (jobs-managed-templates). */
export interface ManagedTemplate {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly environments: readonly string[];
  readonly parameters: readonly DocumentParameter[];
  readonly document: string;
}

const RUN_AS: DocumentParameter = {
  key: 'runAsUser',
  description: 'User that the handler runs as; the user of the device client when it is empty.',
  regex: '(.){0,256}',
  example: 'user1',
  optional: true,
};
const PATH: DocumentParameter = {
  key: 'pathToHandler',
  description:
    'Folder of the handler on the device; the one that the device client is configured with when it is empty.',
  regex: '(.){0,4097}',
  example: '/usr/local/handlers',
  optional: true,
};

const parameter = (key: string, description: string, example: string): DocumentParameter => ({
  key,
  description,
  regex: '(.){1,4097}',
  example,
  optional: false,
});

interface Given {
  readonly name: string;
  readonly action: string;
  readonly handler: string;
  readonly description: string;
  readonly parameters?: readonly DocumentParameter[];
}

function managed({ name, action, handler, description, parameters = [] }: Given): ManagedTemplate {
  const value = (key: string | undefined) => `\${aws:iot:parameter:${key ?? ''}}`;
  const args = parameters.length === 0 ? {} : { args: parameters.map(({ key }) => value(key)) };
  const input = { handler, ...args, path: value(PATH.key) };
  const step = { action: { name: action, type: 'runHandler', input, runAsUser: value(RUN_AS.key) } };
  return {
    name,
    version: '1.0',
    description,
    environments: ['LINUX'],
    parameters: [...parameters, PATH, RUN_AS],
    document: JSON.stringify({ version: '1.0', steps: [step] }),
  };
}

const SERVICES = [parameter('services', 'Services to act on, separated by commas.', 'nginx,redis')];
const PACKAGES = [parameter('packages', 'Packages to act on, separated by commas.', 'nginx,redis')];

export const MANAGED_TEMPLATES: readonly ManagedTemplate[] = [
  managed({ name: 'AWS-Reboot', action: 'Reboot', handler: 'reboot.sh', description: 'Reboots the device.' }),
  managed({
    name: 'AWS-Download-File',
    action: 'Download-File',
    handler: 'download-file.sh',
    description: 'Downloads a file to the device.',
    parameters: [
      parameter('downloadUrl', 'Where the file is, as a URL.', 'https://example.com/file.tar'),
      parameter('filePath', 'Where the device keeps it.', '/opt/file.tar'),
    ],
  }),
  managed({
    name: 'AWS-Install-Application',
    action: 'Install-Application',
    handler: 'install-packages.sh',
    description: 'Installs packages.',
    parameters: PACKAGES,
  }),
  managed({
    name: 'AWS-Remove-Application',
    action: 'Remove-Application',
    handler: 'remove-packages.sh',
    description: 'Removes packages.',
    parameters: PACKAGES,
  }),
  managed({
    name: 'AWS-Start-Application',
    action: 'Start-Application',
    handler: 'start-services.sh',
    description: 'Starts services.',
    parameters: SERVICES,
  }),
  managed({
    name: 'AWS-Stop-Application',
    action: 'Stop-Application',
    handler: 'stop-services.sh',
    description: 'Stops services.',
    parameters: SERVICES,
  }),
  managed({
    name: 'AWS-Restart-Application',
    action: 'Restart-Application',
    handler: 'restart-services.sh',
    description: 'Restarts services.',
    parameters: SERVICES,
  }),
];
