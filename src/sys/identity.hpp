// SPDX-License-Identifier: Apache-2.0
// Who a process is: ids, groups and the five capability sets, each read back
// after it was set.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "base/result.hpp"

namespace unitc::sys {

// Bit N is capability N.
struct CapabilitySets {
    uint64_t bounding = 0;
    uint64_t effective = 0;
    uint64_t inheritable = 0;
    uint64_t permitted = 0;
    uint64_t ambient = 0;
    bool operator==(const CapabilitySets&) const = default;
};

Result<> drop_bounding(uint64_t keep);
// Effective, permitted and inheritable by one capset(2).
Result<> set_effective(const CapabilitySets& sets);
// The same, then the ambient set.
Result<> set_capabilities(const CapabilitySets& sets);
Result<CapabilitySets> read_capabilities();

// setgroups (the empty list too: supplementary groups are exactly `groups`),
// setresgid, setresuid, with permitted capabilities kept across the change.
// Without `groups` they stay as they are: where setgroups is denied.
Result<> become(uid_t uid, gid_t gid, const std::vector<gid_t>* groups);

}  // namespace unitc::sys
