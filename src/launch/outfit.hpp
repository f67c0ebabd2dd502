// SPDX-License-Identifier: Apache-2.0
// What the parent does for a child whose own privileges do not reach the host:
// its user namespace is another's, or its mounts go through another's ids.
#pragma once

#include "base/result.hpp"
#include "launch/child.hpp"
#include "plan/plan.hpp"

namespace unitc::launch {

// The child's step "receive mounts" waits for the end of outfit().
bool needs_outfit(const plan::InitPlan& plan);

// The device nodes on a tmpfs of their own, named "0", "1", … in the order of
// the plan, from which the child binds them: in its user namespace no node can
// be made. Empty without a user namespace.
Result<Fd> make_device_store(const plan::InitPlan& plan, const std::optional<sys::IdMaps>& maps);

// Writes the id maps and the OOM score, and sends copies of the mounts that
// the child has not the right to reach or to map.
Result<> outfit(Child& child, const plan::InitPlan& plan);

// The answer to Unmapped: only we may map the ids of a mount, and this one the
// child had to copy itself, because it made it.
Result<> map_source(const Child& child, const plan::InitPlan& plan, const wire::Packet& request);

}  // namespace unitc::launch
