import { exitTable } from '../exit.ts';
import { type CommandSpec, type FlagSpec, helpFlag } from './spec.ts';

const GROUPS: readonly (readonly [CommandSpec['group'], string])[] = [
  ['Run', 'Run the operator'],
  ['Look', 'Look at a fleet'],
  ['Check', 'Check before anything happens'],
  ['Try', 'Try it without AWS'],
  ['Other', 'Other'],
];

const WIDTH = 100;

/** `fleetward --help`: what there is, and where to begin. */
export function overview(commands: readonly CommandSpec[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const groups = GROUPS.map(([group, title]) => {
    const lines = commands.filter((c) => c.group === group).map((c) => `  ${c.name.padEnd(width)}  ${c.summary}`);
    return lines.length === 0 ? [] : [`${title}:`, ...lines, ''];
  });
  return [
    'Fleetward keeps AWS IoT fleets as Git says, and moves them to tighter policies one asset at a time.',
    '',
    'Usage: fleetward COMMAND [FLAGS]',
    '',
    ...groups.flat(),
    'Begin with:',
    '  fleetward demo                     the whole story in under a minute, without AWS',
    '  fleetward validate my-fleet/       check manifests, offline',
    '  fleetward COMMAND --help           what a command does, with examples',
    '',
  ].join('\n');
}

/** `fleetward COMMAND --help`. */
export function commandHelp(spec: CommandSpec): string {
  const flags = [...spec.flags, helpFlag];
  const width = Math.max(...flags.map((flag) => left(flag).length));
  return [
    `Usage: fleetward ${[spec.name, spec.usage, '[FLAGS]'].filter((part) => part !== '').join(' ')}`,
    '',
    ...spec.description.split('\n').flatMap((line) => wrap(line, WIDTH)),
    '',
    'Flags:',
    ...flags.flatMap((flag) => {
      const [first = '', ...rest] = wrap(flag.summary, WIDTH - width - 4);
      return [`  ${left(flag).padEnd(width)}  ${first}`, ...rest.map((line) => `  ${' '.repeat(width)}  ${line}`)];
    }),
    '',
    ...(spec.examples.length === 0 ? [] : ['Examples:', ...spec.examples.map((line) => `  ${line}`), '']),
    'Exit status:',
    ...(spec.exits ?? exitTable.slice(0, 5)).flatMap(([code, meaning]) => {
      const [first = '', ...rest] = wrap(meaning, WIDTH - 5);
      return [`  ${code}  ${first}`, ...rest.map((line) => `     ${line}`)];
    }),
    '',
  ].join('\n');
}

function left(flag: FlagSpec): string {
  const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
  return `${short}--${flag.name}${flag.value === undefined ? '' : ` ${flag.value}`}`;
}

/** Breaks at spaces; a word longer than the line stays whole. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines;
}
