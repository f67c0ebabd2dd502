// SPDX-License-Identifier: Apache-2.0
// From the id on the command line to the container's entry in the store.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/stopwatch.hpp"
#include "ops/ops.hpp"
#include "state/store.hpp"

namespace unitc::ops {

inline Deadline deadline_of(const Globals& globals) {
    return Deadline::in_ms(globals.deadline_ms);
}

// Is there a directory for the state at all? A user without a session of
// systemd-logind's has none unless it is given.
Result<> check_root(const Globals& globals);

// The existing store of --root. Without one there is no container: runc's
// "container does not exist" (ENOENT).
Result<state::Store> open_store(const Globals& globals);

// The container as its record has it, without its lock.
struct Known {
    state::Store store;
    state::Record record;
};
Result<Known> find_record(const Globals& globals, const std::string& id);

// The container, exclusively locked.
Result<state::Entry> find_entry(const Globals& globals, const std::string& id, Deadline deadline);

// Whether the error says that there is no such container.
bool means_unknown(const Error& error);

}  // namespace unitc::ops
