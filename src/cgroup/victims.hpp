// SPDX-License-Identifier: Apache-2.0
// Whom the OOM killer took: memory.events only counts; the kernel's log names.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hpp"

namespace unitc::cgroup {

struct Victim {
    pid_t pid = 0;     // on the host
    std::string name;  // as in ps(1), unprintable characters as \xNN

    bool operator==(const Victim&) const = default;
};

// Of one record of /dev/kmsg (the kernel's Documentation/ABI/testing/dev-kmsg),
// if it is the kernel's own word on a process that was in the group at `path`
// or below it.
std::optional<Victim> parse_victim(std::string_view record, std::string_view path);

class VictimLog {
public:
    // From now on. Where the log may not be read, nobody is ever named.
    static VictimLog begin(std::string path);

    // Since the last time. The kernel writes a line before it kills, but no more
    // than ten in five seconds, and one for a group that dies as a whole.
    std::vector<Victim> fresh() const;

private:
    VictimLog(std::string path, Fd log) : path_(std::move(path)), log_(std::move(log)) {}
    std::string path_;
    Fd log_;
};

}  // namespace unitc::cgroup
