// SPDX-License-Identifier: Apache-2.0
// A group, the groups below it and who lives where: what `systemctl status`
// draws.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::cgroup {

struct Tree {
    std::string name;          // of the directory; empty at the top
    std::vector<pid_t> pids;   // sorted
    std::vector<Tree> groups;  // sorted by name; those without any process are left out
};

// Groups that vanish meanwhile are left out. ENOENT or ENODEV: the top did.
Result<Tree> read_tree(const Fd& cgroup);

// What `unitc top` shows of a group, in as few reads as there can be.
struct Usage {
    uint64_t cpu_us = 0;
    uint64_t tasks = 0;
    uint64_t memory = 0;  // bytes, 0 without the controller; so are the next two
    uint64_t io_read = 0;
    uint64_t io_written = 0;
};

// ENOENT or ENODEV in the error: the group is gone.
Result<Usage> read_usage(const Fd& cgroup);

}  // namespace unitc::cgroup
