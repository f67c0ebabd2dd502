// SPDX-License-Identifier: Apache-2.0
// What create, run and exec have in common: hearing the process they make.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "base/stopwatch.hpp"
#include "wire/channel.hpp"

namespace unitc::ops {

// The next word on a channel, but no later than the deadline (ETIMEDOUT).
Result<wire::Packet> receive_by(const wire::Channel& channel, Deadline deadline);
// The same of a child in its setup, which does not end without a word.
// EPIPE: it is dead.
Result<wire::Packet> hear(const wire::Channel& channel, Deadline deadline);

// Returns once the program is executed: then the other end of the channel
// closes. Until then the startContainer hooks may take their time.
Result<> await_execution(const wire::Channel& channel, Deadline deadline);

// Has the process that waits for its parent's Start execute the program.
Result<> execute_program(wire::Channel& channel, Deadline deadline);

// The payload of Ready, line by line, for --debug.
void log_timings(std::string_view timings);

}  // namespace unitc::ops
