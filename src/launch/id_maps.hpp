// SPDX-License-Identifier: Apache-2.0
// The id maps of a container's new user namespace. Root writes what it likes;
// a user writes its own ids, and has newuidmap(1) and newgidmap(1) write those
// that /etc/subuid and /etc/subgid grant.
#pragma once

#include <sys/types.h>

#include "base/result.hpp"
#include "plan/plan.hpp"

namespace unitc::launch {

// Whether the programs that the plan's maps need are there; before there is
// anything to undo.
Result<> check_id_mappers(const plan::InitPlan& plan);

// `pid` is a process that is the first of the namespace, and waits.
Result<> write_id_maps(pid_t pid, const plan::InitPlan& plan);

}  // namespace unitc::launch
