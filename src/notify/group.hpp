// SPDX-License-Identifier: Apache-2.0
// The group of a process by its pidfd: no pid is looked up, which may be
// another's by now, and one that has ended is known as well.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::notify {

// The id of the cgroup2 group that the process is in, or was in when it ended
// (PIDFD_GET_INFO; of one that was reaped by Linux 6.15). Nothing: the kernel
// does not say.
std::optional<uint64_t> cgroup_id(const Fd& pidfd);

// The path of the group with this id, as sys::cgroup_of has it; `neighbour` is
// any group's directory. ESTALE: it is gone; EPERM: CAP_DAC_READ_SEARCH is
// missing, which a user namespace's does not replace.
Result<std::string> path_of(uint64_t id, const Fd& neighbour);

}  // namespace unitc::notify
