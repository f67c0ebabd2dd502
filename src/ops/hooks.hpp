// SPDX-License-Identifier: Apache-2.0
// Others who take part in a container's start: hooks that run outside of it
// and its seccomp agent.
#pragma once

#include <sys/types.h>

#include <string_view>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "base/stopwatch.hpp"
#include "oci/config.hpp"
#include "plan/plan.hpp"
#include "state/record.hpp"

namespace unitc::ops {

// prestart, then createRuntime: the container's process waits meanwhile.
Result<> run_create_hooks(const oci::Hooks& hooks, const state::Record& record, pid_t pid,
                          Deadline deadline);

// After the program was executed. The caller ends the container if one fails.
Result<> run_poststart_hooks(const state::Record& record, Deadline deadline);

// After all of the container but its record is gone. What fails is logged.
void run_poststop_hooks(const state::Record& record);

// Hands the listener of process `pid` to the agent at
// linux.seccomp.listenerPath, with the container process state of
// config-linux.md. `status` is the container's, `init` its first process.
Result<> tell_seccomp_agent(const plan::InitPlan& plan, const state::Record& record,
                            std::string_view status, pid_t init, pid_t pid, const Fd& listener);

}  // namespace unitc::ops
