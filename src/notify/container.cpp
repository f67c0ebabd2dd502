// SPDX-License-Identifier: Apache-2.0
#include "notify/container.hpp"

#include <unistd.h>

#include "base/text.hpp"
#include "cgroup/cgroup.hpp"
#include "notify/group.hpp"
#include "sys/file.hpp"

namespace unitc::notify {
namespace {

// The words of the first line that begins with `key`, blanks between them.
std::vector<std::string_view> words_of(std::string_view text, std::string_view key) {
    std::vector<std::string_view> words;
    for (const std::string_view line : text::split(text, '\n')) {
        if (!line.starts_with(key))
            continue;
        std::string_view rest = line.substr(key.size());
        while (!rest.empty()) {
            const size_t end = std::min(rest.find_first_of(" \t"), rest.size());
            if (end > 0)
                words.push_back(rest.substr(0, end));
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
        break;
    }
    return words;
}

}  // namespace

Result<Container> Container::open(std::string cgroup) {
    auto group = cgroup::open(cgroup);
    // One that has ended already has nobody left who could send.
    const uint64_t id = group ? TRY(sys::stat_fd(*group)).st_ino : 0;
    return Container{TRY(sys::Procfs::host()), std::move(cgroup), group ? *std::move(group) : Fd{},
                     id};
}

bool Container::is_own(std::string_view path) const {
    return path.starts_with(cgroup_) &&
           (path.size() == cgroup_.size() || path[cgroup_.size()] == '/');
}

std::optional<bool> Container::holds(pid_t pid, const Fd& pidfd) const {
    // 0: of a pid namespace that we cannot see into.
    if (pid <= 0)
        return false;
    // The one that sent, whoever has its pid by now.
    if (const auto id = pidfd ? cgroup_id(pidfd) : std::nullopt) {
        if (*id == group_id_)
            return true;
        // A group below the container's, or a stranger's.
        if (const auto path = path_of(*id, group_))
            return is_own(*path);
    }
    // The kernel is older, the group is gone, or we may not look it up by its id.
    const auto path = sys::cgroup_of(proc_, pid);
    return path ? std::optional{is_own(*path)} : std::nullopt;
}

std::string Container::pid_namespace(pid_t pid) const {
    const std::string path = std::to_string(pid) + "/ns/pid";
    return sys::read_link(proc_.fd().get(), path.c_str()).value_or("");
}

std::optional<pid_t> Container::innermost_pid(pid_t pid) const {
    const auto status = proc_.read(std::to_string(pid) + "/status");
    if (!status)
        return std::nullopt;
    const auto pids = words_of(*status, "NSpid:");
    return pids.empty() ? std::nullopt : text::parse_int<pid_t>(pids.back());
}

std::optional<pid_t> Container::host_pid(pid_t sender, pid_t inside) const {
    // A container of more processes than this has a first one that is easy to
    // find; a hostile one must not make us look for ever.
    constexpr size_t kMostProcesses = 4096;
    if (innermost_pid(sender) == inside)
        return sender;
    const std::string space = pid_namespace(sender);
    if (!group_ || space.empty())
        return std::nullopt;
    const auto all = cgroup::processes(group_);
    if (!all || all->size() > kMostProcesses)
        return std::nullopt;
    for (const pid_t pid : *all)
        if (innermost_pid(pid) == inside && pid_namespace(pid) == space)
            return pid;
    return std::nullopt;
}

std::optional<pid_t> Container::pidfd_pid(const Fd& fd) const {
    const auto info = proc_.read("self/fdinfo/" + std::to_string(fd.get()));
    if (!info)
        return std::nullopt;
    const auto pids = words_of(*info, "Pid:");
    const auto pid = pids.size() == 1 ? text::parse_int<pid_t>(pids.front()) : std::nullopt;
    return pid && holds(*pid, fd).value_or(false) ? pid : std::nullopt;
}

int64_t Container::clock_ahead(pid_t sender) const {
    const auto offsets = proc_.read(std::to_string(sender) + "/timens_offsets");
    if (!offsets)
        return 0;
    const auto words = words_of(*offsets, "monotonic");
    if (words.size() != 2)
        return 0;
    const int64_t seconds = text::parse_int<int64_t>(words[0]).value_or(0);
    const int64_t nanoseconds = text::parse_int<int64_t>(words[1]).value_or(0);
    int64_t ahead = 0;
    return __builtin_mul_overflow(seconds, 1'000'000, &ahead) ? 0 : ahead + nanoseconds / 1000;
}

}  // namespace unitc::notify
