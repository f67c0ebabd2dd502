// SPDX-License-Identifier: Apache-2.0
// The last things a child in a user namespace cannot do for itself.
#pragma once

#include "base/result.hpp"
#include "launch/child.hpp"
#include "plan/plan.hpp"

namespace unitc::launch {

// To be called between the child's Ready and its start. Raises its limits and
// hands it the standard streams; nothing without a user namespace, where the
// child does both.
Result<> grant(const Child& child, const plan::InitPlan& plan);

}  // namespace unitc::launch
