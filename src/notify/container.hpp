// SPDX-License-Identifier: Apache-2.0
// What /proc says of the senders of a container's messages, and of the
// processes that they name.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "sys/procfs.hpp"

namespace unitc::notify {

class Container {
public:
    // `cgroup`: its unit's path, as sys::cgroup_of gives it.
    static Result<Container> open(std::string cgroup);

    // Whether the process is, or was when it ended, one of the container's.
    // Nothing: it has ended, and the kernel does not say. `pidfd` may be empty.
    std::optional<bool> holds(pid_t pid, const Fd& pidfd) const;

    // The host's pid of the process that `sender` knows as `inside`, if the
    // container holds it.
    std::optional<pid_t> host_pid(pid_t sender, pid_t inside) const;

    // Of a pidfd: the pid behind it, if the container holds that.
    std::optional<pid_t> pidfd_pid(const Fd& fd) const;

    // By how much the monotonic clock of the process's time namespace is ahead
    // of ours, µs (time_namespaces(7)).
    int64_t clock_ahead(pid_t sender) const;

private:
    Container(sys::Procfs proc, std::string cgroup, Fd group, uint64_t group_id)
        : proc_(std::move(proc)),
          cgroup_(std::move(cgroup)),
          group_(std::move(group)),
          group_id_(group_id) {}
    bool is_own(std::string_view path) const;
    std::string pid_namespace(pid_t pid) const;
    std::optional<pid_t> innermost_pid(pid_t pid) const;
    sys::Procfs proc_;
    std::string cgroup_;
    Fd group_;  // its directory, and the id by which it is known when it is gone
    uint64_t group_id_;
};

}  // namespace unitc::notify
