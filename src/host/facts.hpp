// SPDX-License-Identifier: Apache-2.0
// What this machine is, read once per verb and passed on as data, so that
// everything that decides stays pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace unitc::host {

// Driver names and their major numbers, as /proc/devices lists them. A name
// may have several ("tty": 4 and 5).
using Majors = std::vector<std::pair<std::string, uint32_t>>;

// A service of the system's manager, and where it is.
struct Service {
    std::string unit;    // "web.service"
    std::string slice;   // "machine.slice"
    std::string cgroup;  // "/machine.slice/web.service"
    bool operator==(const Service&) const = default;
};

struct Facts {
    bool cgroup2 = false;                         // /sys/fs/cgroup is cgroup2
    std::vector<std::string> cgroup_controllers;  // of the root group
    bool systemd = false;                         // PID 1 is systemd (/run/systemd/system)
    std::string boot_id;  // 32 hex digits and dashes, as the kernel prints it
    Majors char_majors;   // /proc/devices: "pts" → 136
    Majors block_majors;
    int last_capability = 40;  // /proc/sys/kernel/cap_last_cap
    int kernel_major = 0;
    int kernel_minor = 0;
    // A disk may have the scheduler bfq; not read by read(), see host/block.hpp.
    bool bfq = false;
    // The service that the container is part of, where it is part of one; not
    // read by read(), see host/caller.hpp.
    std::optional<Service> caller;
    bool inside_caller = false;  // in the service's cgroup instead of a scope
    bool as_service = false;     // a service of its own instead of a scope

    // Our containers are units of a user's manager and not of the system's:
    // its cgroup, whether it is there and is ours to make groups in; the
    // controllers are those that it has.
    bool user_manager = false;
    std::string manager_group;  // "/user.slice/user-1000.slice/user@1000.service"
    bool manager_runs = false;
    bool delegated = false;
    bool unprivileged = false;      // not even root of a user namespace
    bool own_namespace = false;     // in a user namespace that is not the machine's
    bool setgroups_denied = false;  // there
    uint32_t uid = 0;               // ours
    uint32_t gid = 0;
};

// Reads only what is cheap: a handful of files, no bus.
Result<Facts> read();

// Who we are, of them; enough for a process that joins a container.
void read_identity(Facts& facts);

// Of all these the one that the capabilities of a process need.
Result<int> last_capability();

// One clear error for a machine that cannot run containers: cgroup v1 or
// hybrid, a kernel before 5.14, PID 1 not systemd; for a user without a manager.
Result<> check(const Facts& facts);

// The readers of what read() reads: "cpuset cpu io memory", /proc/devices,
// and uname's release ("6.1.0-18-amd64"; false when it holds no version).
std::vector<std::string> parse_controllers(std::string_view content);
void parse_devices(std::string_view content, Facts& facts);
bool parse_release(std::string_view release, Facts& facts);

}  // namespace unitc::host
