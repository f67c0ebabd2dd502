// SPDX-License-Identifier: Apache-2.0
// What may stand where follows from the tables: an option's value from the
// name it has in the help ("DIR", "table|json"), a command's arguments from
// their description ("<container-id> [signal]").
#include "cli/completion.hpp"

#include <algorithm>
#include <vector>

#include "base/text.hpp"
#include "cli/command.hpp"

namespace unitc::cli {
namespace {

std::string words_of(std::string_view alternatives) {
    std::string words{alternatives};
    std::replace(words.begin(), words.end(), '|', ' ');
    return words;
}

// 'text', which all three shells take for itself.
std::string quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text)
        out.append(c == '\'' ? "'\\''" : std::string(1, c));
    return out + "'";
}

std::string escaped(std::string_view text, std::string_view special) {
    std::string out;
    for (const char c : text)
        out.append(special.find(c) != std::string_view::npos ? "\\" : "").append(1, c);
    return out;
}

bool takes_old_id(const Command& command) {
    return !command.makes_container &&
           std::string_view{command.arguments}.starts_with("<container-id>");
}

bool takes_signal(const Command& command) {
    return std::string_view{command.arguments}.find("[signal]") != std::string_view::npos;
}

// "<bash|zsh|fish>" → "bash zsh fish".
std::string argument_words(const Command& command) {
    std::string_view text = command.arguments;
    if (text.find('|') == std::string_view::npos || text.find(' ') != std::string_view::npos)
        return {};
    return words_of(text.substr(1, text.size() - 2));
}

std::vector<const Option*> shown(std::initializer_list<Options> lists) {
    std::vector<const Option*> all;
    for (const Options& list : lists)
        for (const Option& option : list) {
            const auto same = [&](const Option* other) {
                return std::string_view{other->name} == option.name;
            };
            if (option.help != nullptr && std::none_of(all.begin(), all.end(), same))
                all.push_back(&option);
        }
    return all;
}

// Those that may stand behind the command's name.
std::vector<const Option*> options_of(const Command& command) {
    return shown({command.options, kGlobalOptions});
}

// How a shell completes a value.
struct Ways {
    std::string directory;
    std::string file;
    std::string (*words)(std::string_view words);
    std::string none;
};

std::string way(const Option& option, const Ways& ways) {
    const std::string_view name = option.value_name;
    if (name == "DIR")
        return ways.directory;
    if (name == "FILE" || name == "SOCKET")
        return ways.file;
    if (name.find('|') != std::string_view::npos)
        return ways.words(words_of(name));
    return ways.none;
}

// bash

std::string bash_options(const std::vector<const Option*>& options) {
    std::string out;
    for (const Option* option : options) {
        out.append(out.empty() ? "--" : " --").append(option->name);
        if (option->letter != 0)
            out.append(" -").append(1, option->letter);
    }
    return out;
}

// A line of a case statement: by what arguments compgen finds the candidates.
std::string bash_case(const std::string& pattern, const std::string& arguments) {
    return "        " + pattern + ") generate=(" + arguments + ") ;;\n";
}

std::string bash_values(const std::string& command, Options options) {
    static const auto in_words = [](std::string_view words) { return "-W " + quoted(words); };
    const Ways ways{"-d", "-f", in_words, ""};
    std::string out;
    for (const Option& option : options) {
        std::string pattern = command + ":--" + option.name;
        const Option* global = find_option(kGlobalOptions, option.name);
        // A switch that bears the name of a global option with a value.
        if (option.value_name == nullptr && global != nullptr && global->value_name != nullptr)
            out += "        " + pattern + ") return 1 ;;\n";
        if (option.value_name == nullptr)
            continue;
        if (option.letter != 0)
            pattern.append(" | ").append(command).append(":-").append(1, option.letter);
        out += bash_case(pattern, way(option, ways));
    }
    return out;
}

constexpr char kBashFrame[] = R"bash(
# _unitc PROGRAM: fills COMPREPLY.
_unitc() {
    local program=$1 current=${COMP_WORDS[COMP_CWORD]} command= option= root= word
    local -a generate=()
    local -i i arguments=0 ended=0
    # Bash makes three words of --name=value.
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $word == = && $option ]]; then
            continue
        elif [[ $word == = ]]; then
            i+=1
        elif [[ $option ]]; then
            [[ $option == --root ]] && root=$word
            option=
        elif [[ $word == -- ]]; then
            ended=1
        elif [[ $word == -* && $ended -eq 0 ]]; then
            _unitc_value "$command:$word" && option=$word
        elif [[ ! $command ]]; then
            command=$word ended=0
        else
            arguments+=1
            _unitc_ends "$command" && ended=1
        fi
    done
    [[ $current == = ]] && current=
    if [[ $option ]]; then
        _unitc_value "$command:$option"
    elif [[ $current == -* && $ended -eq 0 ]]; then
        _unitc_options "$command"
    else
        generate=()
        _unitc_argument "$command:$arguments"
    fi
    COMPREPLY=()
    [[ ${#generate[@]} -eq 0 ]] && return
    [[ ${generate[0]} == -[df] ]] && compopt -o filenames 2> /dev/null
    mapfile -t COMPREPLY < <(compgen "${generate[@]}" -- "$current")
}

_unitc_ids() {
    generate=(-W "$("$program" ${root:+--root="$root"} list -q 2> /dev/null)")
}

complete -F _unitc unitc
)bash";

std::string bash() {
    std::string values, options, arguments, ends, names;
    for (const Command& command : commands()) {
        const std::string name = command.name;
        names.append(name).append(" ");
        values += bash_values(name, command.options);
        options += bash_case(name, "-W " + quoted(bash_options(options_of(command))));
        if (takes_old_id(command))
            arguments += "        " + name + ":0) _unitc_ids ;;\n";
        if (takes_signal(command))
            arguments += bash_case(name + ":1", "-A signal");
        if (const std::string words = argument_words(command); !words.empty())
            arguments += bash_case(name + ":0", "-W " + quoted(words));
        if (command.options_end_at_argument)
            ends.append(ends.empty() ? "" : " | ").append(name);
    }
    const auto function = [](const std::string& name, const std::string& cases) {
        return "\n" + name + "() {\n    case $1 in\n" + cases + "    esac\n}\n";
    };
    return "# bash completion of unitc, as `unitc completion bash` prints it.\n\n"
           "# _unitc_value COMMAND:OPTION: false if the option takes no value." +
           function("_unitc_value",
                    values + bash_values("*", kGlobalOptions) + "        *) return 1 ;;\n") +
           function("_unitc_options",
                    bash_case("''",
                              "-W " + quoted(bash_options(shown({kGlobalOptions, kRootOptions})))) +
                        options) +
           "\n# _unitc_argument COMMAND:NUMBER" +
           function("_unitc_argument",
                    bash_case(":* | help:0", "-W " + quoted(names + "help")) + arguments) +
           "\n# Whether what follows the command's first argument is no option of unitc's." +
           function("_unitc_ends", "        " + ends + ") true ;;\n        *) false ;;\n") +
           kBashFrame;
}

// zsh

std::string zsh_option(const Option& option) {
    static const auto in_words = [](std::string_view words) {
        return "(" + std::string{words} + ")";
    };
    const Ways ways{"_files -/", "_files", in_words, " "};
    std::string rest = "[" + escaped(option.help, "[]:\\") + "]";
    if (option.value_name != nullptr)
        rest += ":" + escaped(words_of(option.value_name), "[]:\\") + ":" + way(option, ways);
    // "*": it may be given again.
    std::string out =
        quoted("*--" + std::string{option.name} + (option.value_name != nullptr ? "=" : "") + rest);
    if (option.letter != 0)
        out += " " + quoted("*-" + std::string(1, option.letter) + rest);
    return out;
}

std::string zsh_options(const std::vector<const Option*>& options) {
    std::string out;
    for (const Option* option : options)
        out += " \\\n            " + zsh_option(*option);
    return out;
}

std::string zsh_arguments(const Command& command) {
    std::string out;
    if (takes_old_id(command))
        out += " \\\n            '1:container:_unitc_ids'";
    if (takes_signal(command))
        out += " \\\n            '2:signal:_signals -s'";
    if (const std::string words = argument_words(command); !words.empty())
        out += " \\\n            '1:word:(" + words + ")'";
    if (command.options_end_at_argument)
        out += " \\\n            '*:: :_default'";
    return out;
}

std::string zsh() {
    std::string names, cases;
    for (const Command& command : commands()) {
        names += "            " +
                 quoted(std::string{command.name} + ":" + escaped(command.help, ":\\")) + "\n";
        cases += "        " + std::string{command.name} + ") _arguments -S" +
                 (command.options_end_at_argument ? " -A '-*'" : "") +
                 zsh_options(options_of(command)) + zsh_arguments(command) + " ;;\n";
    }
    return "#compdef unitc\n# zsh completion of unitc, as `unitc completion zsh` prints it.\n\n"
           "_unitc_ids() {\n    local -a ids\n"
           "    ids=(${(f)\"$(unitc ${root:+--root=$root} list -q "
           "2> /dev/null)\"})\n    compadd -a ids\n}\n\n"
           "_unitc() {\n    local curcontext=$curcontext state line\n    local -A opt_args\n"
           "    local -a commands\n    _arguments -C -S -A '-*'" +
           zsh_options(shown({kGlobalOptions, kRootOptions})) +
           " \\\n            '1:command:->command' '*:: :->argument'\n"
           "    local root=${opt_args[--root]}\n    if [[ $state == command ]]; then\n        "
           "commands=(\n" +
           names +
           "        )\n        _describe command commands\n        return\n    fi\n"
           "    [[ $state == argument ]] || return\n    case $line[1] in\n" +
           cases + "    esac\n}\n\n_unitc \"$@\"\n";
}

// fish

std::string fish_options(const std::string& when, const std::vector<const Option*>& options) {
    static const auto in_words = [](std::string_view words) { return "-x -a " + quoted(words); };
    const Ways ways{"-x -a '(__fish_complete_directories)'", "-r -F", in_words, "-x"};
    std::string out;
    for (const Option* option : options) {
        out += "complete -c unitc -n " + quoted(when) + " -l " + option->name;
        if (option->letter != 0)
            out.append(" -s ").append(1, option->letter);
        if (option->value_name != nullptr)
            out += " " + way(*option, ways);
        out += " -d " + quoted(option->help) + "\n";
    }
    return out;
}

std::string fish() {
    std::string out =
        "# fish completion of unitc, as `unitc completion fish` prints it.\n\n"
        "complete -c unitc -f\n" +
        fish_options("__fish_use_subcommand", shown({kGlobalOptions, kRootOptions}));
    for (const Command& command : commands()) {
        const std::string name = command.name;
        const std::string when = "__fish_seen_subcommand_from " + name;
        const std::string start = "complete -c unitc -n " + quoted(when);
        out += "complete -c unitc -n __fish_use_subcommand -a " + name + " -d " +
               quoted(command.help) + "\n" + fish_options(when, options_of(command));
        if (takes_old_id(command))
            out += start + " -a '(unitc list -q 2> /dev/null)'\n";
        if (takes_signal(command))
            out += start + " -a '(string split \" \" (kill -l))'\n";
        if (const std::string words = argument_words(command); !words.empty())
            out += start + " -a " + quoted(words) + "\n";
    }
    return out;
}

}  // namespace

Result<std::string> completion(std::string_view shell) {
    if (shell == "bash")
        return bash();
    if (shell == "zsh")
        return zsh();
    if (shell == "fish")
        return fish();
    return fail("'" + text::printable(shell) + "': must be bash, zsh or fish");
}

}  // namespace unitc::cli
