// warmterm completion: shell completion, generated from the commands.

import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';

type Described = { name: string; description: string; options: { flags: string[]; description: string }[] };

const describe = (program: Command): Described[] =>
  program.commands.map((command) => ({
    name: command.name(),
    description: command.summary() || command.description(),
    options: command.options.map(({ short, long, description }) => ({
      flags: [short, long].filter((flag) => flag !== undefined && flag !== null),
      description,
    })),
  }));

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

const shells: Record<string, (commands: Described[]) => string> = {
  bash: (commands) => `_warmterm() {
  local word=\${COMP_WORDS[COMP_CWORD]} words
  if [ "$COMP_CWORD" -eq 1 ]; then words=${quote(commands.map(({ name }) => name).join(' '))}
  else case \${COMP_WORDS[1]} in
${commands.map(({ name, options }) => `    ${name}) words=${quote(options.flatMap(({ flags }) => flags).join(' '))} ;;`).join('\n')}
  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _warmterm warmterm
`,
  zsh: (commands) => `#compdef warmterm
_warmterm() {
  local -a commands=(
${commands.map(({ name, description }) => `    ${quote(`${name}:${description}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  case $words[2] in
${commands
  .map(({ name, options }) => {
    const specs = options.flatMap(({ flags, description }) =>
      flags.map((flag) => quote(`${flag}[${description.replace(/[[\]]/g, '')}]`)),
    );
    return `    ${name}) _arguments ${[...specs, "'*:file:_files'"].join(' ')} ;;`;
  })
  .join('\n')}
  esac
}
compdef _warmterm warmterm
`,
  fish: (commands) =>
    commands
      .flatMap(({ name, description, options }) => [
        `complete -c warmterm -n __fish_use_subcommand -a ${name} -d ${quote(description)}`,
        ...options.map(({ flags, description }) => {
          const long = flags.find((flag) => flag.startsWith('--'))?.slice(2);
          const short = flags.find((flag) => /^-[^-]/.test(flag))?.slice(1);
          return `complete -c warmterm -n '__fish_seen_subcommand_from ${name}'${short ? ` -s ${short}` : ''}${long ? ` -l ${long}` : ''} -d ${quote(description)}`;
        }),
      ])
      .join('\n')
      .concat('\n'),
};

export function completion({ stdout }: Context, shell: string, program: Command): number {
  const write = Object.hasOwn(shells, shell) ? shells[shell] : undefined;
  if (!write) throw new Failure(`${shell}: there is completion for ${Object.keys(shells).join(', ')}.`);
  stdout.write(write(describe(program)));
  return 0;
}
