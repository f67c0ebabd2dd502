// SPDX-License-Identifier: Apache-2.0
// A container as its object shows it: read once from the state directory and
// the kernel, without any lock or bus.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/container_id.hpp"
#include "base/fd.hpp"
#include "base/result.hpp"
#include "daemon/value.hpp"
#include "state/status.hpp"
#include "state/store.hpp"

namespace unitc::daemon {

// UINT64_MAX: none, or none known.
struct Limits {
    uint64_t memory_max = UINT64_MAX;  // bytes
    uint64_t memory_high = UINT64_MAX;
    uint64_t memory_low = UINT64_MAX;
    uint64_t memory_swap_max = UINT64_MAX;
    uint64_t tasks_max = UINT64_MAX;
    uint64_t cpu_weight = UINT64_MAX;
    uint64_t cpu_quota_per_sec_us = UINT64_MAX;
};

struct Snapshot {
    std::string id;
    std::string bundle;
    uint64_t created_us = 0;  // since 1970
    StringMap annotations;
    std::string unit;
    state::Status status = state::Status::Stopped;
    uint32_t pid = 0;           // 0: none lives
    bool had_process = false;   // the first one; else it was never made
    std::string control_group;  // empty: none
    Limits limits;
    uint64_t oom_kills = 0;
};

// What is there to be watched of it.
struct Look {
    Snapshot snapshot;
    Fd init;    // pidfd, if it lives
    Fd cgroup;  // if there is one
};

// Nothing: there is no such container (any more).
Result<std::optional<Look>> look_at(const state::Store& store, const state::Witness& witness,
                                    const ContainerId& id);

// The value of a property of kContainer; usage is read from the kernel now.
Value property_of(const Snapshot& snapshot, std::string_view property);

// Names of those that have changed and tell so.
std::vector<const char*> changed_properties(const Snapshot& before, const Snapshot& now);

// Whether both are of one container: an id may have been given to another.
bool is_same(const Snapshot& a, const Snapshot& b);

bool is_alive(state::Status status);
// Whether its first process has ended, and had not when it was looked at before.
// Before nothing, it was not there.
bool has_exited(const Snapshot* before, const Snapshot& now);

// "2026-11-23T12:00:00.5Z" → microseconds since 1970; 0 for anything else.
uint64_t parse_time(const std::string& rfc3339);

}  // namespace unitc::daemon
