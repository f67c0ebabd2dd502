// SPDX-License-Identifier: Apache-2.0
#include "seccomp/outcome.hpp"

#include <seccomp.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "base/fd.hpp"
#include "base/text.hpp"
#include "sys/file.hpp"

namespace unitc::seccomp {
namespace {

// Runs the probe to its end; standard input and output are files.
bool run_probe(const Fd& input, const Fd& output, std::vector<std::string> words) {
    std::vector<char*> argv;
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input.get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output.get(), STDOUT_FILENO);
    pid_t pid = -1;
    const int rc = ::posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    return rc == 0 && ::waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

}  // namespace

std::vector<std::string> outcomes(const Filter& filter, const std::vector<std::string>& calls) {
    const Fd input{::memfd_create("filter", MFD_CLOEXEC)};
    const Fd output{::memfd_create("outcomes", MFD_CLOEXEC)};
    if (!sys::write_all(input, filter.bpf) || ::lseek(input.get(), 0, SEEK_SET) != 0)
        return {"cannot write the filter"};
    std::vector<std::string> words{UNITC_SECCOMP_PROBE, std::to_string(filter.flags)};
    words.insert(words.end(), calls.begin(), calls.end());
    if (!run_probe(input, output, words) || ::lseek(output.get(), 0, SEEK_SET) != 0)
        return {"the probe failed"};
    const auto text = sys::read_all(output, 65536);
    if (!text)
        return {text.error().message};
    std::vector<std::string> lines;
    for (const std::string_view line : text::split(text::trim(*text), '\n'))
        lines.emplace_back(line);
    return lines;
}

std::vector<std::string> outcomes(const oci::Seccomp& profile,
                                  const std::vector<std::string>& calls) {
    const auto filter = compile(profile);
    if (!filter)
        return {filter.error().message};
    return outcomes(*filter, calls);
}

std::string call(const char* name, const std::vector<uint64_t>& args) {
    std::string text = std::to_string(seccomp_syscall_resolve_name(name));
    for (const uint64_t arg : args)
        text.append(":").append(std::to_string(arg));
    return text;
}

oci::SeccompSyscalls rule(std::vector<std::string> names, oci::SeccompAction action,
                          std::vector<oci::SeccompArg> args) {
    oci::SeccompSyscalls entry;
    entry.names = std::move(names);
    entry.action = action;
    entry.args = std::move(args);
    return entry;
}

}  // namespace unitc::seccomp
