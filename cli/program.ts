// The commands with their options, as --help shows them. The code of a command is loaded when it is called.

import { Command, type CommanderError, Option } from 'commander';
import type { Context } from './context.ts';
import { ownFailure } from './failure.ts';

type Done = (code: number) => void;

const collect = (value: string, former: string[] = []) => [...former, value];

/** Calls `done` with the exit code of the called command. */
export function createProgram(context: Context, version: string, done: Done): Command {
  const program = new Command('warmterm')
    .description('Run commands in a Linux terminal that is there already.')
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeErr: (text) => void context.stderr.write(text), outputError: () => {} })
    .addHelpText('after', programExamples);

  const add = (usage: string, summary: string, examples: string[]) =>
    program
      .command(usage)
      .description(summary)
      .addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line}\n`).join('')}`);
  const end = async (work: Promise<number> | number) => done(await work);

  const withCommand = (command: Command) =>
    command
      .argument('<command...>', 'the program and its arguments; no shell parses them')
      .option('-e, --env <K=V>', 'set a variable; K alone copies its local value', collect)
      .option('-w, --workdir <DIR>', 'where the command starts: absolute, or below the home directory')
      .option('--timeout <TIME>', 'end the command after this time, such as 30s or 10m; exit code 124')
      .option('-d, --detach', 'print the id of the run, and return')
      .option('-i, --interactive', 'send stdin although it is a terminal')
      .option('-t, --tty', 'give the command a terminal, even if this is not one')
      .option('-T, --no-tty', 'give the command no terminal')
      .option('-p, --pool <POOL>', 'the pool of the terminal')
      .passThroughOptions();

  add('login', 'remember a server, and who you are there', ['warmterm login https://terminals.example.org'])
    .argument('<url>', 'the address of the page')
    .action(async (url) => end((await import('./commands/login.ts')).login(context, url)));

  withCommand(
    add('run', 'run a command in a fresh terminal, and end the terminal', [
      'warmterm run -- uname -a',
      'tar c . | warmterm run -- sh -c "tar x && make test"',
      'warmterm run -e LANG=C -w /tmp --timeout 10m -- ./long-job',
      'warmterm run                       # needs a command; try: warmterm run -- bash',
      'id=$(warmterm run --detach -- make) && warmterm logs -f "$id"; warmterm wait "$id"',
    ]),
  )
    .option('--keep', 'keep the terminal after the command has ended')
    .action(async (command, options) =>
      end((await import('./commands/run.ts')).run(context, command, readTty(options))),
    );

  withCommand(
    add('exec', 'run a command in the terminal of your page', ['warmterm exec -- ls -la', 'warmterm exec -- bash']),
  ).action(async (command, options) =>
    end((await import('./commands/run.ts')).exec(context, command, readTty(options))),
  );

  add('shell', 'attach this terminal to the one of your page; Enter ~ . leaves it', ['warmterm shell'])
    .option('-p, --pool <POOL>', 'the pool of the terminal')
    .action(async (options) => end((await import('./commands/shell.ts')).shell(context, options)));

  add('open', 'show the page of your terminal, or of a run', ['warmterm open', 'warmterm open 4f0q9zk2m1xa'])
    .argument('[run]', 'the id of a run')
    .option('--print', 'print the address, with your identity in it, and open nothing')
    .option('-p, --pool <POOL>', 'the pool of the terminal')
    .action(async (run, options) => end((await import('./commands/open.ts')).open(context, run, options)));

  add('share', 'make a link to the terminal of your page, or end all of its links', [
    'warmterm share',
    'warmterm share --role editor --expires 15m --label Vera',
    'warmterm share --end',
  ])
    .option('--role <ROLE>', 'what guests may do: viewer (the default) or editor')
    .option('--expires <TIME>', 'how long the link works, such as 15m or 1d (default 1h)')
    .option('--label <LABEL>', 'whom the link is for')
    .addOption(new Option('--end', 'end all links, and remove all guests').conflicts(['role', 'expires', 'label']))
    .option('-p, --pool <POOL>', 'the pool of the terminal')
    .action(async (options) => end((await import('./commands/share.ts')).share(context, options)));

  add('ps', 'list your terminals and runs', ['warmterm ps', 'warmterm ps --json'])
    .option('--json', 'as JSON')
    .action(async (options) => end((await import('./commands/ps.ts')).ps(context, options)));

  add('pools', 'list your pools: ready terminals and the queue; for hosts, all of them', [
    'warmterm pools',
    'WARMTERM_HOST_TOKEN=… warmterm pools',
  ])
    .option('-p, --pool <POOL>', 'only this pool')
    .option('--json', 'as JSON')
    .action(async (options) => end((await import('./commands/ps.ts')).pools(context, options)));

  add('logs', 'show what a run has printed', [
    'warmterm logs 4f0q9zk2m1xa',
    'warmterm logs -f --since 1048576 4f0q9zk2m1xa',
  ])
    .argument('<run>', 'the id of a run')
    .option('-f, --follow', 'continue until the run ends')
    .option('--since <N>', 'skip the first N bytes of stdout; N,M: and M of stderr')
    .action(async (run, options) => end((await import('./commands/runs.ts')).logs(context, run, options)));

  add('attach', 'attach to a run that has not ended', ['warmterm attach 4f0q9zk2m1xa'])
    .argument('<run>', 'the id of a run')
    .action(async (run) => end((await import('./commands/runs.ts')).attach(context, run)));

  add('wait', 'wait for a run to end, and exit with its code', ['warmterm wait 4f0q9zk2m1xa; echo $?'])
    .argument('<run>', 'the id of a run')
    .action(async (run) => end((await import('./commands/runs.ts')).wait(context, run)));

  add('stop', 'stop a run; a second time: end its terminal too', ['warmterm stop 4f0q9zk2m1xa'])
    .argument('<run>', 'the id of a run')
    .action(async (run) => end((await import('./commands/runs.ts')).stop(context, run)));

  add('cp', 'copy files and folders to or from a terminal', [
    'warmterm cp data.csv :               # into the home directory of your page’s terminal',
    'warmterm cp 4f0q9zk2m1xa:build/out.tgz .',
  ])
    .argument('<src>', 'a path; RUN:path in a run’s terminal, :path in your page’s')
    .argument('<dst>', 'the same')
    .option('-p, --pool <POOL>', 'the pool of the page’s terminal')
    .action(async (src, dst, options) => end((await import('./commands/cp.ts')).cp(context, src, dst, options)));

  add('completion', 'print completion for a shell', [
    'source <(warmterm completion bash)',
    'warmterm completion fish | source',
  ])
    .argument('<shell>', 'bash, zsh or fish')
    .action(async (shell) => end((await import('./commands/completion.ts')).completion(context, shell, program)));

  return program;
}

const programExamples = `
Examples:
  warmterm login https://terminals.example.org
  warmterm run -- uname -a
  warmterm run -- bash
  tar c . | warmterm run -- tar t

Exit codes: the command's own; 128+n when signal n ended it; 124 after --timeout; 127 when there is no such
command, 126 when it cannot be executed; 125 when warmterm itself failed, with the reason on stderr.
`;

/** `-t`, `-T`, or neither: as it fits. */
function readTty<T extends { tty?: boolean }>(options: T): T {
  return options;
}

/** The exit code for what commander has thrown, and the line for stderr. Pure. */
export function explainUsage(error: CommanderError): { code: number; line?: string } {
  if (error.exitCode === 0) return { code: 0 };
  if (error.code === 'commander.help') return { code: ownFailure };
  return {
    code: ownFailure,
    line: `${error.message.replace(/^error: /, '').replaceAll('\n', ' ')} See: warmterm --help`,
  };
}
