// SPDX-License-Identifier: Apache-2.0
// The hooks that run outside of the container, and waiting for its program.
#pragma once

#include <sys/types.h>

#include "base/result.hpp"
#include "base/stopwatch.hpp"
#include "oci/config.hpp"
#include "state/record.hpp"
#include "wire/channel.hpp"

namespace unitc::ops {

// prestart, then createRuntime: the container's process waits meanwhile.
Result<> run_create_hooks(const oci::Hooks& hooks, const state::Record& record, pid_t pid,
                          Deadline deadline);

// After the program was executed. The caller ends the container if one fails.
Result<> run_poststart_hooks(const state::Record& record, Deadline deadline);

// After all of the container but its record is gone. What fails is logged.
void run_poststop_hooks(const state::Record& record);

// Returns once the program is executed: then the other end of the channel
// closes. Until then the startContainer hooks may take their time.
Result<> await_execution(const wire::Channel& channel, Deadline deadline);

// The next message, but no later than the deadline (ETIMEDOUT).
Result<wire::Packet> receive_by(const wire::Channel& channel, Deadline deadline);

}  // namespace unitc::ops
