// SPDX-License-Identifier: Apache-2.0
#include "cgroup/tree.hpp"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "base/text.hpp"
#include "cgroup/cgroup.hpp"
#include "cgroup/stats.hpp"
#include "sys/directory.hpp"
#include "sys/file.hpp"

namespace unitc::cgroup {
namespace {

constexpr int kDeepest = 64;  // a payload can nest groups as deep as the kernel lets it

bool means_gone(const Error& error) {
    return error.code == ENOENT || error.code == ENODEV;
}

Result<std::vector<std::string>> names_below(const Fd& group) {
    std::vector<std::string> names;
    std::vector<sys::Name> entries = TRY(sys::names_in(group));
    for (sys::Name& entry : entries)
        if (entry.type == DT_DIR)
            names.push_back(std::move(entry.text));
    std::sort(names.begin(), names.end());
    return names;
}

Result<Tree> read_at(const Fd& group, int depth) {
    Tree tree;
    const auto procs = sys::read_file(group.get(), "cgroup.procs", size_t{64} << 20);
    // A threaded group's processes are listed by the domain above it.
    if (!procs && procs.error().code != EOPNOTSUPP)
        return Failure{procs.error()};
    if (procs)
        for (const std::string_view line : text::split(*procs, '\n'))
            if (const auto pid = text::parse_int<pid_t>(line); pid && *pid > 0)
                tree.pids.push_back(*pid);
    std::sort(tree.pids.begin(), tree.pids.end());
    if (depth == kDeepest)
        return tree;
    const std::vector<std::string> names = TRY(names_below(group));
    for (const std::string& name : names) {
        const auto fd = sys::open_at(group, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW);
        auto below = fd ? read_at(*fd, depth + 1) : Failure{fd.error()};
        if (!below && !means_gone(below.error()))
            return below;
        if (!below || (below->pids.empty() && below->groups.empty()))
            continue;
        below->name = name;
        tree.groups.push_back(*std::move(below));
    }
    return tree;
}

// The number behind `key` at the beginning of a line; 0 if there is none.
uint64_t number_of(std::string_view content, std::string_view key) {
    for (const std::string_view line : text::split(content, '\n'))
        if (line.starts_with(key))
            return text::parse_int<uint64_t>(line.substr(key.size())).value_or(0);
    return 0;
}

}  // namespace

Result<Tree> read_tree(const Fd& cgroup) {
    return read_at(cgroup, 0);
}

Result<Usage> read_usage(const Fd& cgroup) {
    Usage usage;
    // Every group has it, with or without the controller.
    const std::string cpu = TRY(sys::read_file(cgroup.get(), "cpu.stat"));
    usage.cpu_us = number_of(cpu, "usage_usec ");
    const auto tasks = read_number(cgroup, "pids.current");
    if (tasks) {
        usage.tasks = *tasks;
    } else {
        const auto pids = TRY(processes(cgroup));
        usage.tasks = pids.size();
    }
    usage.memory = read_number(cgroup, "memory.current").value_or(0);
    const auto io = sys::read_file(cgroup.get(), "io.stat");
    Stats stats;
    if (io)
        parse_io(*io, stats);
    for (const IoCount& count : stats.io_bytes)
        (*count.operation == 'R' ? usage.io_read : usage.io_written) += count.value;
    return usage;
}

}  // namespace unitc::cgroup
