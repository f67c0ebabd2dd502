// SPDX-License-Identifier: Apache-2.0
#include "sys/command.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "base/fd.hpp"
#include "base/scope_exit.hpp"
#include "sys/file.hpp"

namespace unitc::sys {
namespace {

constexpr size_t kMostOutput = size_t{64} << 20;

}  // namespace

Result<pid_t> spawn(const std::vector<std::string>& argv, const Streams& streams) {
    std::vector<char*> words;
    words.reserve(argv.size() + 1);
    for (const std::string& word : argv)
        words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    const ScopeExit release{[&] {
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
    }};
    const std::pair<const Fd*, int> places[] = {{streams.input, STDIN_FILENO},
                                                {streams.output, STDOUT_FILENO},
                                                {streams.error, STDERR_FILENO}};
    for (const auto& [stream, place] : places)
        if (stream != nullptr)
            ::posix_spawn_file_actions_adddup2(&actions, stream->get(), place);
    // Ours are ignored, and what is ignored stays so.
    sigset_t defaults;
    ::sigemptyset(&defaults);
    ::sigaddset(&defaults, SIGPIPE);
    ::sigaddset(&defaults, SIGXFSZ);
    ::posix_spawnattr_setsigdefault(&attributes, &defaults);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    pid_t pid = 0;
    const int problem =
        ::posix_spawnp(&pid, words.front(), &actions, &attributes, words.data(), environ);
    if (problem != 0)
        return fail_code(problem, "execute", argv.front());
    return pid;
}

Result<CommandResult> run_command(const std::vector<std::string>& argv) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) < 0)
        return fail_sys("pipe2");
    const Fd reader{ends[0]};
    Fd writer{ends[1]};
    const pid_t pid = TRY(spawn(argv, {nullptr, &writer, &writer}));
    writer.reset();
    auto output = read_all(reader, kMostOutput);
    int raw = 0;
    if (retry_eintr([&] { return ::waitpid(pid, &raw, 0); }) < 0)
        return fail_sys("waitpid");
    if (!output)
        return Failure{std::move(output).error().in(argv.front())};
    return CommandResult{WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw),
                         *std::move(output)};
}

}  // namespace unitc::sys
