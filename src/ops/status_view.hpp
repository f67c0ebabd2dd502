// SPDX-License-Identifier: Apache-2.0
// What `unitc status` shows of a container, laid out as systemctl does a unit.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "cgroup/stats.hpp"
#include "cgroup/tree.hpp"
#include "state/status.hpp"

namespace unitc::ops {

struct StatusView {
    std::string id;
    state::Status status = state::Status::Stopped;
    std::optional<int64_t> created;  // seconds since 1970
    int64_t now = 0;
    std::string unit;
    std::string bundle;
    pid_t pid = 0;     // 0: none lives
    std::string name;  // of that process
    // Of the unit's cgroup, while there is one.
    std::string cgroup;  // "/system.slice/unitc-web.scope"
    std::optional<cgroup::Stats> stats;
    std::string cpu_max;                  // the file of that name; empty without the controller
    std::optional<uint64_t> memory_high;  // UINT64_MAX: none
    cgroup::Tree tree;
    std::map<pid_t, std::string> commands;  // "sleep 1000" or "[name]"; those that ended lack one
    std::string journal;                    // lines as journalctl prints them
};

std::string status_text(const StatusView& view, bool colour);

// As systemctl(1) has it: 0 for a unit that is active, 3 for another.
int status_code(state::Status status);

}  // namespace unitc::ops
