// SPDX-License-Identifier: Apache-2.0
// The hooks that run outside of the container.
#pragma once

#include <sys/types.h>

#include "base/result.hpp"
#include "base/stopwatch.hpp"
#include "oci/config.hpp"
#include "state/record.hpp"

namespace unitc::ops {

// prestart, then createRuntime: the container's process waits meanwhile.
Result<> run_create_hooks(const oci::Hooks& hooks, const state::Record& record, pid_t pid,
                          Deadline deadline);

// After the program was executed. The caller ends the container if one fails.
Result<> run_poststart_hooks(const state::Record& record, Deadline deadline);

// After all of the container but its record is gone. What fails is logged.
void run_poststop_hooks(const state::Record& record);

}  // namespace unitc::ops
