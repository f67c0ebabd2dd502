// SPDX-License-Identifier: Apache-2.0
// The table of commands: the whole command line can be read off it.
#include "cli/command.hpp"

#include <unistd.h>

#include <limits>

#include "cli/completion.hpp"
#include "cli/exit.hpp"
#include "cli/help.hpp"
#include "cli/output.hpp"
#include "cli/pager.hpp"
#include "cli/screen.hpp"
#include "ops/ops.hpp"

namespace unitc::cli {
namespace {

// create, run and plan name the container last.
ops::CreateRequest request_of(const Invocation& invocation) {
    ops::CreateRequest request = invocation.request;
    request.id = invocation.arguments.front();
    return request;
}

Result<int> run_create(const Invocation& invocation) {
    TRY_IN(program_name() + " create failed",
           ops::create(invocation.globals, request_of(invocation)));
    return 0;
}

Result<int> run_run(const Invocation& invocation) {
    return TRY_IN(program_name() + " run failed",
                  ops::run(invocation.globals, request_of(invocation)));
}

Result<int> run_exec(const Invocation& invocation) {
    ops::ExecRequest request = invocation.exec;
    request.id = invocation.arguments.front();
    request.args = {invocation.arguments.begin() + 1, invocation.arguments.end()};
    // Options that it shares with create and run.
    request.pid_file = invocation.request.pid_file;
    request.console_socket = invocation.request.console_socket;
    request.preserve_fds = invocation.request.preserve_fds;
    request.detach = invocation.request.detach;
    return TRY_IN("exec failed", ops::exec(invocation.globals, request));
}

Result<int> run_ps(const Invocation& invocation) {
    const std::vector<std::string> options{invocation.arguments.begin() + 1,
                                           invocation.arguments.end()};
    const std::string text =
        TRY(ops::ps(invocation.globals, invocation.arguments.front(),
                    invocation.json ? ops::PsFormat::Json : ops::PsFormat::Table, options));
    TRY(print(text));
    return 0;
}

Result<int> run_start(const Invocation& invocation) {
    TRY(ops::start(invocation.globals, invocation.arguments[0], invocation.request.notify_socket));
    return 0;
}

Result<int> run_start_service(const Invocation& invocation) {
    return TRY(ops::start_service(invocation.globals, request_of(invocation)));
}

Result<int> run_state(const Invocation& invocation) {
    const std::string document = TRY(ops::state(invocation.globals, invocation.arguments[0]));
    TRY(print(document));
    return 0;
}

Result<int> run_list(const Invocation& invocation) {
    const ops::ListFormat format = invocation.quiet  ? ops::ListFormat::Quiet
                                   : invocation.json ? ops::ListFormat::Json
                                                     : ops::ListFormat::Table;
    const std::string listing = TRY(ops::list(invocation.globals, format));
    TRY(print(listing));
    return 0;
}

Result<int> run_kill(const Invocation& invocation) {
    std::string signal = invocation.arguments.size() > 1 ? invocation.arguments[1] : "";
    if (signal.empty())
        signal = "SIGTERM";
    TRY(ops::kill(invocation.globals, invocation.arguments[0], signal, invocation.all));
    return 0;
}

Result<int> run_delete(const Invocation& invocation) {
    TRY(ops::remove(invocation.globals, invocation.arguments[0], invocation.force,
                    invocation.of_caller));
    return 0;
}

Result<int> run_pause(const Invocation& invocation) {
    TRY(ops::pause(invocation.globals, invocation.arguments[0]));
    return 0;
}

Result<int> run_resume(const Invocation& invocation) {
    TRY(ops::resume(invocation.globals, invocation.arguments[0]));
    return 0;
}

Result<int> run_spec(const Invocation& invocation) {
    TRY(ops::spec(invocation.request.bundle, invocation.rootless_spec));
    return 0;
}

Result<int> run_features(const Invocation&) {
    const std::string document = TRY(ops::features());
    TRY(print(document));
    return 0;
}

Result<int> run_plan(const Invocation& invocation) {
    ops::CreateRequest request = invocation.request;
    request.id = invocation.arguments.empty() ? "example" : invocation.arguments.front();
    const std::string text = TRY(ops::plan(invocation.globals, request));
    TRY(print(text));
    return 0;
}

Result<int> run_completion(const Invocation& invocation) {
    const std::string script = TRY(completion(invocation.arguments[0]));
    TRY(print(script));
    return 0;
}

Result<int> run_events(const Invocation& invocation) {
    ops::EventsRequest request = invocation.events;
    request.id = invocation.arguments[0];
    TRY(ops::events(invocation.globals, request, print));
    return 0;
}

Result<int> run_status(const Invocation& invocation) {
    ops::StatusRequest request = invocation.status;
    request.id = invocation.arguments[0];
    request.colour = wants_colour(surroundings());
    const ops::StatusReport report = TRY(ops::status(invocation.globals, request));
    TRY(print_paged(report.text, invocation.no_pager));
    return report.exit_status;
}

Result<int> run_logs(const Invocation& invocation) {
    ops::LogsRequest request = invocation.logs;
    request.id = invocation.arguments[0];
    request.no_pager = invocation.no_pager;
    TRY(ops::logs(invocation.globals, request));
    return 0;
}

Result<int> run_top(const Invocation& invocation) {
    const bool terminal = ::isatty(STDOUT_FILENO) == 1;
    const bool batch = invocation.batch || !terminal;
    ops::TopRequest request = invocation.top;
    request.rates_at_once = batch;
    if (request.iterations == 0 && !terminal)
        request.iterations = 1;
    Screen screen = TRY(Screen::open(batch, invocation.delay_ns));
    request.screen.colour = !batch && wants_colour(surroundings());
    screen.measure(request.screen);
    TRY(ops::top(invocation.globals, request,
                 [&](std::string_view table, bool last, ops::TopScreen& next) {
                     return screen.show(table, last, next);
                 }));
    return 0;
}

Result<int> run_update(const Invocation& invocation) {
    ops::UpdateRequest request = invocation.update;
    request.id = invocation.arguments[0];
    TRY(ops::update(invocation.globals, request));
    return 0;
}

constexpr bool kMakesContainer = true;
constexpr bool kEntersContainer = true;
constexpr size_t kAny = std::numeric_limits<size_t>::max();
constexpr int kExecFailure = 255;
constexpr int kStatusUnknown = 4;  // systemctl's, of the LSB

constexpr Command kCommands[] = {
    {"create", "create a container", "<container-id>", 1, 1, false, kMakesContainer, kCreateOptions,
     "Creates a container from a bundle: a directory with config.json and a root file\n"
     "system. The container becomes a transient scope unit of systemd, with every limit\n"
     "as a property of that unit. Its first process waits, set up in full, for `unitc\n"
     "start`.\n"
     "\n"
     "<container-id> is the name of the container on this host; no other one may have it.",
     run_create},
    {"completion", "print a script that completes unitc's command line in a shell",
     "<bash|zsh|fish>", 1, 1, false, !kMakesContainer, kPlainOptions,
     "Prints a script that knows all commands, options and containers. Packages install it\n"
     "where the shell looks for it.\n"
     "\n"
     "EXAMPLE:\n"
     "    $ source <(unitc completion bash)",
     run_completion},
    {"delete", "delete a container and all that is left of it", "<container-id>", 1, 1, false,
     !kMakesContainer, kDeleteOptions,
     "Ends what still runs in the unit of a stopped or not yet started container, waits\n"
     "until systemd has removed the unit, and forgets the container. Works as well after\n"
     "a crash half-way through create, start or delete.",
     run_delete},
    {"events", "print statistics and out-of-memory events of a container", "<container-id>", 1, 1,
     false, !kMakesContainer, kEventsOptions,
     "Prints one line of JSON after each interval, from the files of the unit's cgroup: CPU,\n"
     "memory, processes, block I/O, huge pages and pressure (PSI); and a line of type \"oom\"\n"
     "for every process that the OOM killer took. Ends when the container does.\n"
     "\n"
     "EXAMPLE:\n"
     "    # unitc events --stats web | jq .data.memory.usage",
     run_events},
    {"exec", "run another process in a running container",
     "<container-id> <command> [command options] || -p process.json <container-id>", 1, kAny, true,
     !kMakesContainer, kExecOptions,
     "Runs a program inside of a container, in its namespaces, its cgroup and under its\n"
     "seccomp filter. What no option says is as in the container's config.json. The exit\n"
     "status is the program's, or 255 when it could not be run.\n"
     "\n"
     "EXAMPLE:\n"
     "    # unitc exec -t web sh",
     run_exec, kEntersContainer, kExecFailure},
    {"features", "show what this runtime supports", "", 0, 0, false, !kMakesContainer,
     kPlainOptions, "Prints the features document of the OCI runtime specification as JSON.",
     run_features},
    {"kill", "send a signal to a container's first process (default: SIGTERM)",
     "<container-id> [signal]", 1, 2, true, !kMakesContainer, kKillOptions,
     "The signal is a name, with or without SIG, or a number. Without a pid namespace of\n"
     "its own, KILL ends all processes of the container.\n"
     "\n"
     "EXAMPLE:\n"
     "    # unitc kill web HUP",
     run_kill},
    {"list", "list the containers below the given --root", "", 0, 0, false, !kMakesContainer,
     kListOptions,
     "Prints id, pid, status, bundle, time of creation and owner of every container.\n"
     "\n"
     "EXAMPLE:\n"
     "    # unitc --root /run/other list --format json",
     run_list},
    {"logs", "show what the journal has of a container", "<container-id>", 1, 1, false,
     !kMakesContainer, kLogsOptions,
     "Runs journalctl for the container's unit: what its processes wrote by syslog or to the\n"
     "journal, and what systemd says of the unit. Where their standard output and error go\n"
     "is the caller's choice: an engine keeps its own log of them.\n"
     "\n"
     "EXAMPLE:\n"
     "    # unitc logs -f web",
     run_logs},
    {"pause", "suspend all processes of a container", "<container-id>", 1, 1, false,
     !kMakesContainer, kPlainOptions,
     "Has systemd freeze the container's unit, as `systemctl freeze` does, and returns when\n"
     "all processes stand still. `unitc resume` lets them go on.",
     run_pause},
    {"plan", "show what create would do, without doing it", "[container-id]", 0, 1, false,
     !kMakesContainer, kPlanOptions,
     "Prints the properties of the unit in the syntax of busctl, the mounts, and the steps\n"
     "of the container's first process.",
     run_plan},
    {"ps", "show the processes of a container", "<container-id> [ps options]", 1, kAny, true,
     !kMakesContainer, kPsOptions,
     "Prints the rows of ps(1) that are processes of the container's unit; the options for\n"
     "ps are -ef unless others are given. Pids are the host's.\n"
     "\n"
     "EXAMPLE:\n"
     "    # unitc ps web -e -o pid,rss,args",
     run_ps},
    {"resume", "let the processes of a paused container go on", "<container-id>", 1, 1, false,
     !kMakesContainer, kPlainOptions, "Has systemd thaw the container's unit, whoever froze it.",
     run_resume},
    {"run", "create and start a container", "<container-id>", 1, 1, false, kMakesContainer,
     kRunOptions,
     "Does what create and start do. Without --detach it stays: signals are passed on to\n"
     "the container, its exit status becomes that of unitc, and the container is deleted\n"
     "when it has ended (unless --keep).",
     run_run},
    {"spec", "write a starter config.json", "", 0, 0, false, !kMakesContainer, kSpecOptions,
     "Writes a config.json that runs `sh` into the bundle; it never replaces one.\n"
     "\n"
     "EXAMPLE:\n"
     "    # mkdir -p web/rootfs && cd web\n"
     "    # tar -C rootfs -xf image.tar\n"
     "    # unitc spec\n"
     "    # unitc run web",
     run_spec},
    {"start", "start the process of a created container", "<container-id>", 1, 1, false,
     !kMakesContainer, kPlainOptions,
     "Lets the first process of a created container run its program.", run_start},
    {"state", "show the state of a container", "<container-id>", 1, 1, false, !kMakesContainer,
     kPlainOptions,
     "Prints the state document of the OCI runtime specification as JSON. The status is\n"
     "asked of the kernel, never only of a file.",
     run_state},
    {"status", "show a container as systemctl status shows a unit", "<container-id>", 1, 1, false,
     !kMakesContainer, kStatusOptions,
     "Prints the status, unit, processes, usage against limits and the last lines of the\n"
     "journal. The exit status is 0 for a container that is created, running or paused, 3\n"
     "for a stopped one and 4 where there is none.",
     run_status, !kEntersContainer, kExitFailure, kStatusUnknown},
    {"top", "show what the containers use, live", "", 0, 0, false, !kMakesContainer, kTopOptions,
     "Shows tasks, CPU (100 is one CPU), memory and block I/O of all containers with a unit,\n"
     "the busiest first. Keys: n, t, c, m, i sort by name, tasks, CPU, memory, I/O; space\n"
     "shows the next table at once; q ends.\n"
     "\n"
     "EXAMPLE:\n"
     "    # unitc top --batch --iterations 3 --order memory",
     run_top},
    {"update", "change the limits of a container", "<container-id>", 1, 1, false, !kMakesContainer,
     kUpdateOptions,
     "Sets new limits of a created, running or paused container as properties of its unit,\n"
     "all or none, for as long as the unit lives. What is not given stays as it is, also if\n"
     "`systemctl set-property` has set it; devices never change. Sizes may end in k, M, G, T\n"
     "or P.\n"
     "\n"
     "The JSON may hold any limit of linux.resources:\n"
     "    {\n"
     "      \"memory\": {\"limit\": 67108864, \"swap\": 134217728, \"checkBeforeUpdate\": true},\n"
     "      \"cpu\": {\"shares\": 512, \"quota\": 50000, \"period\": 100000, \"cpus\": \"0-3\"},\n"
     "      \"pids\": {\"limit\": 100},\n"
     "      \"blockIO\": {\"weight\": 300},\n"
     "      \"unified\": {\"memory.high\": \"50331648\"}\n"
     "    }\n"
     "\n"
     "EXAMPLE:\n"
     "    # unitc update --memory 64M --pids-limit 100 web",
     run_update},
};

// What systemd executes, and nobody else.
constexpr Command kInternal[] = {
    {"start-service", "make the container of a service, in its unit", "<container-id>", 1, 1, false,
     !kMakesContainer, kStartServiceOptions,
     "Is the ExecStart= of a container that `unitc run --unit=service` has made: systemd\n"
     "executes it in the unit. By hand it does nothing.",
     run_start_service, kEntersContainer},
};

}  // namespace

std::span<const Command> commands() {
    return kCommands;
}

// Of runc's; a user is better told than sent to look for a typing error.
bool is_unsupported(std::string_view name) {
    return name == "checkpoint" || name == "restore";
}

const Command* find_command(std::string_view name) {
    for (const Command& command : kCommands)
        if (name == command.name)
            return &command;
    for (const Command& command : kInternal)
        if (name == command.name)
            return &command;
    return nullptr;
}

}  // namespace unitc::cli
