// SPDX-License-Identifier: Apache-2.0
// What `events` prints: runc's documents, key by key (its types/events.go).
#pragma once

#include <string>

#include "cgroup/stats.hpp"
#include "cgroup/victims.hpp"

namespace unitc::ops {

// One line with its end.
std::string stats_event(const std::string& id, const cgroup::Stats& stats);
// With "data" where the kernel has said who it was; runc's has none.
std::string oom_event(const std::string& id, const cgroup::Victim* victim = nullptr);

}  // namespace unitc::ops
