// SPDX-License-Identifier: Apache-2.0
// /proc/self/mountinfo, read (proc_pid_mountinfo(5)).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::sys {

struct MountEntry {
    uint64_t id = 0;
    uint64_t parent = 0;
    std::string root;   // what of the file system is mounted, "/" is all
    std::string point;  // from the reader's root; without a leading "/" if out of its reach
    std::string type;   // "proc"
    bool operator==(const MountEntry&) const = default;
};

// Lines that are not of the kernel's form are passed over.
std::vector<MountEntry> parse_mount_table(std::string_view mountinfo);

// Without the mount `top` and all that is mounted below it.
std::vector<MountEntry> outside_of(uint64_t top, std::vector<MountEntry> table);

// The id of the mount that a descriptor is on (statx, Linux 5.8).
Result<uint64_t> mount_id(const Fd& fd);

}  // namespace unitc::sys
