import { type CommandSpec, type Completes, helpFlag } from '../args/spec.ts';

export type Shell = 'bash' | 'zsh' | 'fish';
export const SHELLS: readonly Shell[] = ['bash', 'zsh', 'fish'];

/** Everything a shell offers comes from the command table, so that help and completion cannot differ. */
export function completionScript(shell: Shell, commands: readonly CommandSpec[], kinds: readonly string[]): string {
  switch (shell) {
    case 'bash':
      return bash(commands, kinds);
    case 'zsh':
      return zsh(commands, kinds);
    case 'fish':
      return fish(commands, kinds);
    default:
      return shell satisfies never;
  }
}

const flagsOf = (command: CommandSpec) => [...command.flags, helpFlag];
const wordsOf = (complete: Completes | undefined, kinds: readonly string[]): readonly string[] | undefined =>
  complete === 'kind' ? kinds : typeof complete === 'string' ? undefined : complete;

function bash(commands: readonly CommandSpec[], kinds: readonly string[]): string {
  const cases = commands.flatMap((command) => {
    const values = flagsOf(command)
      .filter(({ value }) => value !== undefined)
      .map((flag) => {
        const names = [`--${flag.name}`, ...(flag.short === undefined ? [] : [`-${flag.short}`])].join('|');
        return `        ${names}) ${bashReply(flag.complete, kinds)}; return ;;`;
      });
    const flags = flagsOf(command).map(({ name }) => `--${name}`);
    return [
      `    ${command.name})`,
      ...(values.length === 0 ? [] : ['      case "$prev" in', ...values, '      esac']),
      `      if [[ "$cur" == -* ]]; then COMPREPLY=($(compgen -W "${flags.join(' ')}" -- "$cur")); return; fi`,
      `      ${bashReply(command.complete, kinds)} ;;`,
    ];
  });
  return `# bash completion of fleetward: source <(fleetward completion bash)
_fleetward() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}"
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W "${[...commands.map(({ name }) => name), '--help', '--version'].join(' ')}" -- "$cur"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
}
complete -F _fleetward fleetward
`;
}

function bashReply(complete: Completes | undefined, kinds: readonly string[]): string {
  const words = wordsOf(complete, kinds);
  if (words) return `COMPREPLY=($(compgen -W "${words.join(' ')}" -- "$cur"))`;
  if (complete === 'file') return 'COMPREPLY=($(compgen -f -- "$cur"))';
  return complete === 'folder' ? 'COMPREPLY=($(compgen -d -- "$cur"))' : ':';
}

function zsh(commands: readonly CommandSpec[], kinds: readonly string[]): string {
  const list = commands.map(({ name, summary }) => `    ${single(`${name}:${summary}`)}`);
  const cases = commands.map((command) => {
    const specs = flagsOf(command).map((flag) => {
      const repeat = flag.many === true ? '*' : '';
      const about = flag.summary.replace(/[[\]:]/g, ' ');
      const value = flag.value === undefined ? '' : `:${flag.value.toLowerCase()}:${zshAction(flag.complete, kinds)}`;
      return `        ${single(`${repeat}--${flag.name}[${about}]${value}`)}`;
    });
    const rest = single(`*:argument:${zshAction(command.complete, kinds)}`);
    return `      ${command.name}) _arguments \\\n${[...specs, `        ${rest}`].join(' \\\n')} ;;`;
  });
  return `#compdef fleetward
# zsh completion of fleetward: fleetward completion zsh > "\${fpath[1]}/_fleetward"
_fleetward() {
  local -a commands
  commands=(
${list.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases.join('\n')}
  esac
}
compdef _fleetward fleetward
`;
}

function zshAction(complete: Completes | undefined, kinds: readonly string[]): string {
  const words = wordsOf(complete, kinds);
  if (words) return `(${words.join(' ')})`;
  if (complete === 'file') return '_files';
  return complete === 'folder' ? '_files -/' : ' ';
}

function fish(commands: readonly CommandSpec[], kinds: readonly string[]): string {
  const lines = ['# fish completion of fleetward: fleetward completion fish | source', 'complete -c fleetward -f'];
  for (const { name, summary } of commands) {
    lines.push(`complete -c fleetward -n __fish_use_subcommand -a ${name} -d ${single(summary)}`);
  }
  for (const command of commands) {
    const when = `-n ${single(`__fish_seen_subcommand_from ${command.name}`)}`;
    const offered = fishValues(command.complete, kinds);
    if (offered !== '') lines.push(`complete -c fleetward ${when} ${offered}`);
    for (const flag of flagsOf(command)) {
      const short = flag.short === undefined ? '' : ` -s ${flag.short}`;
      const value = flag.value === undefined ? '' : ` -r ${fishValues(flag.complete, kinds)}`.trimEnd();
      lines.push(`complete -c fleetward ${when} -l ${flag.name}${short}${value} -d ${single(flag.summary)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function fishValues(complete: Completes | undefined, kinds: readonly string[]): string {
  const words = wordsOf(complete, kinds);
  if (words) return `-a ${single(words.join(' '))}`;
  return complete === 'file' || complete === 'folder' ? '-F' : '';
}

/** One word for any of the three shells; fish reads backslash-quote inside single quotes, the others end and reopen. */
function single(text: string): string {
  return `'${text.replaceAll("'", '’')}'`;
}
