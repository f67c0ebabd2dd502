// SPDX-License-Identifier: Apache-2.0
// Deleting exactly the container one has made.
#pragma once

#include "base/result.hpp"
#include "ops/ops.hpp"
#include "state/record.hpp"

namespace unitc::ops {

// Like remove() with force, but only while the id is still that of `expected`:
// for `run`, whose container may have been deleted by others meanwhile, and
// the id taken by a new one. That is success, too.
Result<> remove_recorded(const Globals& globals, const state::Record& expected);

// Undoes the start of a container that is a service, whose unit may be there
// (`asked`) and whose record may have gone on since `begun`. In its own time.
Result<> remove_service(const Globals& globals, const state::Record& begun, bool asked);

}  // namespace unitc::ops
