# SPDX-License-Identifier: Apache-2.0
"""The scripts of `completion` in the shells that they are for."""

import os
import re
import shutil

from lab import test

_ASK = """source <("$1" completion bash)
complete -p unitc > /dev/null || exit 1
program=$1
shift
COMP_WORDS=(unitc "$@")
COMP_CWORD=$#
_unitc "$program"
printf '%s\\n' "${COMPREPLY[@]}"
"""


def _bash(t, *words, cwd=None):
    """What bash offers for the last word, sorted."""
    return sorted(t.command("bash", "--norc", "-c", _ASK, "bash", t.rt.path, *words, cwd=cwd).out.split())


def _commands(t):
    """The commands that the help shows."""
    rows = re.search(r"COMMANDS:\n(.*?)\n\n", t.ok("--help").out, re.DOTALL)[1].splitlines()
    return sorted(name for row in rows if (name := row.split()[0].rstrip(",")) != "help")


def _options(text):
    return set(re.findall(r"^   (--[a-z0-9-]+)", text.partition("OPTIONS:\n")[2], re.MULTILINE))


@test(peers="")
def bash_completes_every_command(t):
    commands = _commands(t)
    t.check("exec" in commands and "update" in commands, f"commands of the help: {commands}")
    t.equal(_bash(t, ""), sorted(commands + ["help"]), "commands")
    t.equal(_bash(t, "--debug", "--log", "/x", "fe"), ["features"], "commands behind global options")
    t.equal(_bash(t, "help", "up"), ["update"], "commands behind help")


@test(peers="")
def bash_completes_every_option(t):
    general = _options(t.ok("--help").out)
    t.equal({word for word in _bash(t, "--") if word.startswith("--")}, general, "global options")
    for command in _commands(t):
        wanted = _options(t.ok(command, "--help").out) | (general - {"--version"})
        t.equal({word for word in _bash(t, command, "--") if word.startswith("--")}, wanted, f"options of {command}")


@test(peers="")
def bash_completes_values(t):
    os.makedirs(t.path("place/directory"))
    open(t.path("place/file"), "w").close()
    for words, wanted in ((("list", "--format", ""), ["json", "table"]), (("list", "--format", "=", "j"), ["json"]), (("ps", "-f", "="), ["json", "table"]),
                          (("--log-format", "t"), ["text"]), (("run", "-b", ""), ["directory"]), (("run", "--pid-file", ""), ["directory", "file"]),
                          (("update", "--memory", ""), []), (("spec", "--rootless", "--bu"), ["--bundle"]), (("completion", ""), ["bash", "fish", "zsh"]),
                          (("run", ""), []), (("exec", "c", "-"), []), (("kill", "c", "SIGHU"), ["SIGHUP"]), (("--detach", "=", "true", "delete", "--fo"), ["--force"])):
        t.equal(_bash(t, *words, cwd=t.path("place")), wanted, f"completion of {words}")


@test(peers="")
def bash_completes_containers(t):
    first = t.created(t.bundle("true"))
    for command in ("start", "exec", "kill", "delete"):
        t.check(first.id in _bash(t, command, first.id[:-1]), f"{command} does not know {first.id}")
    t.check(first.id in _bash(t, "delete", "--force", ""), "not behind a switch")
    t.equal(_bash(t, "create", first.id[:-1]), [], "for create, which wants a new one")
    t.equal(_bash(t, "--root", t.path("other"), "start", ""), [], "below another root")


@test(peers="")
def fish_completes_commands_options_and_values(t):
    t.machine_needs(shutil.which("fish"), "needs fish")
    script = t.path("unitc.fish")
    with open(script, "w") as file:
        file.write(t.ok("completion", "fish").out)

    def offers(line):
        result = t.command("fish", "--no-config", "-c", f"source {script}; complete -C '{line}'")
        t.equal((result.status, result.err), (0, ""), "fish")
        return sorted(row.split("\t")[0] for row in result.lines)

    t.equal(offers("unitc "), _commands(t), "commands")
    t.equal(offers("unitc delete --forc"), ["--force"], "options")
    t.equal(offers("unitc list --format "), ["json", "table"], "values")
    t.equal(offers("unitc completion "), ["bash", "fish", "zsh"], "words")


@test(peers="")
def zsh_understands_its_script(t):
    t.machine_needs(shutil.which("zsh"), "needs zsh")
    with open(t.path("_unitc"), "w") as file:
        file.write(t.ok("completion", "zsh").out)
    t.equal(t.command("zsh", "-f", "-n", t.path("_unitc")).err, "", "what zsh says of it")
    # Completion itself, with a terminal in between as zsh wants it.
    ask = (f"zmodload zsh/zpty; zpty z zsh -f -i; zpty -w z 'PS1=; fpath=({t.directory} $fpath); autoload -U compinit; compinit -u -d {t.path('dump')}'; "
           "zpty -w z 'zstyle \":completion:*\" list-prompt \"\"; bindkey \"^I\" complete-word; echo rea\"\"dy'; zpty -r z line '*ready*'; "
           "zpty -w -n z $'unitc fea\\t\\C-a: \\C-e\\n'; zpty -w z 'echo do\"\"ne'; zpty -r z line '*done*'; echo $line")
    t.contains(t.command("zsh", "-f", "-c", ask).out, "unitc features")


@test(peers="")
def another_shell_is_refused(t):
    result = t.call("completion", "csh")
    t.equal((result.status, result.out), (1, ""), "status and output")
    t.one_error(result, "'csh': must be bash, zsh or fish")
