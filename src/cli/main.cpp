// SPDX-License-Identifier: Apache-2.0
#include "cli/main.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <exception>
#include <span>

#include "base/log.hpp"
#include "base/scope_exit.hpp"
#include "base/stopwatch.hpp"
#include "cli/command.hpp"
#include "cli/exit.hpp"
#include "cli/help.hpp"
#include "cli/output.hpp"
#include "cli/parse.hpp"
#include "cli/process.hpp"

namespace unitc::cli {
namespace {

// Of a program that could not be executed in place of the container's own.
constexpr int kNotExecuted = 255;

// What was wrong with the words themselves; says where the right ones are.
Failure usage_error(const Command* command, Error error) {
    error.message.append(" (see '" + program_name() + " ")
        .append(command != nullptr ? command->name : "")
        .append(command != nullptr ? " --help')" : "--help')");
    return Failure{std::move(error)};
}

Result<int> perform(const Command& command, const Invocation& invocation, char** argv) {
    const auto counted = check_arguments(command, invocation);
    if (!counted)
        return usage_error(&command, counted.error());
    const ScopeExit end_making{[&] {
        if (command.makes_container)
            ops::end_making();
    }};
    if (command.makes_container)
        TRY(ops::begin_making(argv));
    // A user's maps can be written by who may look at the process only, and the
    // container's process is born as we are; it hides itself as soon as it has
    // them. We stay in sight of the user's own processes, of none in a container.
    if (command.enters_container || (command.makes_container && ::geteuid() == 0))
        TRY(hide_memory());
    const int64_t begun = monotonic_us();
    const Result<int> status = command.run(invocation);
    if (log::enabled(log::Level::Debug))
        log::debug(std::string{command.name} + ": " + std::to_string(monotonic_us() - begun) +
                   " us");
    return status;
}

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

int print_or_report(std::string_view text) {
    const auto printed = print(text);
    return printed ? 0 : report(printed.error(), true);
}

int run_program(char** argv, std::span<const char* const> words) {
    if (const auto settled = settle(); !settled)
        return report(settled.error(), true);

    Invocation invocation;
    const auto parsed = parse(words, invocation);
    const Command* command = parsed ? *parsed : nullptr;
    if (parsed && invocation.version)
        return print_or_report(version());
    if (parsed && (invocation.help || command == nullptr))
        return print_or_report(command != nullptr ? command_help(*command) : program_help());

    // May execute the program anew, and then the caller's descriptors must
    // still be there: `--process /dev/fd/63`.
    if (parsed && command->enters_container)
        if (const auto sealed = ops::protect_executable(argv); !sealed) {
            report(sealed.error(), true);
            return command->failure_status;
        }

    // Before the log is opened: see guard_descriptors.
    if (!invocation.globals.root_given)
        invocation.globals.root = ops::default_root();
    ops::CreateRequest& request = invocation.request;
    request.listen_fds = std::min(passed_sockets(), kMostDescriptors - request.preserve_fds);
    if (request.listen_fds > 0) {
        request.listen_names = environment("LISTEN_FDNAMES");
        request.listen_pidfd_id = std::getenv("LISTEN_PIDFDID") != nullptr;
    }
    request.program = argv[0] != nullptr ? argv[0] : "";
    request.notify_socket = environment("NOTIFY_SOCKET");
    request.watchdog_usec = environment("WATCHDOG_USEC");
    const auto guarded = guard_descriptors(request.listen_fds + request.preserve_fds);
    Fd log_file;
    if (!invocation.log_path.empty()) {
        auto opened = open_log(invocation.log_path);
        if (!opened)
            return report(opened.error(), true);
        log_file = *std::move(opened);
    }
    const bool log_is_stderr = !log_file;
    log::configure(log_is_stderr ? STDERR_FILENO : log_file.get(), invocation.log_format,
                   invocation.globals.debug ? log::Level::Debug : log::Level::Info);
    // The log must not outlive its file.
    const ScopeExit back_to_stderr{
        [] { log::configure(STDERR_FILENO, log::Format::Text, log::Level::Info); }};
    if (!parsed)
        return report(usage_error(nullptr, parsed.error()).value(), log_is_stderr);
    if (!guarded)
        return report(guarded.error(), log_is_stderr);

    const Result<int> status = perform(*command, invocation, argv);
    if (status)
        return *status;
    report(status.error(), log_is_stderr);
    if (status.error().bare)
        return kNotExecuted;
    return command->unknown_status != kExitFailure && status.error().code == ENOENT
               ? command->unknown_status
               : command->failure_status;
}

}  // namespace

int main(int argc, char** argv) noexcept {
    const std::span<const char* const> words{argv, static_cast<size_t>(argc)};
    try {
        set_program_name(argc > 0 ? argv[0] : nullptr);
        return run_program(argv, words.empty() ? words : words.subspan(1));
    } catch (const std::exception& problem) {  // out of memory, or a mistake of ours
        complain("unitc: unexpected failure");
        complain(problem.what());
        return kExitFailure;
    }
}

}  // namespace unitc::cli
