/** `completion bash|zsh`: the words of the command tree, for the shell. */
import type { Command } from 'commander';
import type { Context } from './context.ts';

export function addCompletionCommand(program: Command, context: Context): void {
  const command = program
    .command('completion')
    .description('print a completion script: source <(athanor completion bash)');
  command.addArgument(command.createArgument('<shell>').choices(['bash', 'zsh'])).action((shell: string) => {
    const load = shell === 'zsh' ? 'autoload -U +X bashcompinit && bashcompinit\n' : '';
    context.terminal.stdout.write(`${load}${script(program)}`);
  });
}

function script(program: Command): string {
  const cases = wordsOf(program, []).map(([path, words]) => `    "${path}") words="${words.join(' ')}" ;;`);
  return `_athanor() {
  local path="" word words="" current="\${COMP_WORDS[COMP_CWORD]}"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="$path\${path:+ }$word" ;; esac
  done
  while :; do
    case "$path" in
${cases.join('\n')}
    esac
    [ -n "$words" ] || [ -z "$path" ] && break
    case "$path" in *" "*) path="\${path% *}" ;; *) path="" ;; esac
  done
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _athanor athanor
`;
}

function wordsOf(command: Command, path: string[]): [string, string[]][] {
  const options = command.options.flatMap(({ long }) => long ?? []);
  const choices = command.registeredArguments.flatMap((argument) => argument.argChoices ?? []);
  const words = [...command.commands.map((sub) => sub.name()), ...choices, ...options];
  return [[path.join(' '), words], ...command.commands.flatMap((sub) => wordsOf(sub, [...path, sub.name()]))];
}
