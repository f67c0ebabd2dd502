// SPDX-License-Identifier: Apache-2.0
// Namespaces that the child cannot make or enter by its own clone.
#pragma once

#include <optional>

#include "base/result.hpp"
#include "init/child.hpp"
#include "launch/child.hpp"
#include "plan/plan.hpp"

namespace unitc::launch {

// The maps of the container's user namespace: the plan's, or of the one to be
// joined, which must then be the plan's if that has any.
Result<std::optional<sys::IdMaps>> id_maps(const plan::InitPlan& plan);

// A descriptor of a user namespace, for MOUNT_ATTR_IDMAP.
Result<Fd> open_user_namespace(const plan::UserNamespace& space);

// Enters and makes what plan.needs_usher speaks of in a process in between,
// which then clones the child as its own sibling: our child.
Result<Child> spawn_by_usher(const plan::InitPlan& plan, init::Inheritance inheritance,
                             wire::Channel channel);

}  // namespace unitc::launch
