// SPDX-License-Identifier: Apache-2.0
// A container without a unit of its own: in the cgroup of the service that
// unitc runs in, which must be delegated (Delegate=yes).
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "host/facts.hpp"
#include "oci/config.hpp"
#include "ops/ops.hpp"
#include "unit/translate.hpp"

namespace unitc::ops {

// What is said by the option --unit, else by the annotation "org.unitc.unit",
// else by $UNITC_UNIT; else Scope, which is all that a user's own manager gives.
Result<UnitMode> unit_mode(const CreateRequest& request, const oci::Config& config,
                           const host::Facts& facts);

// Before anything is changed: is the service's cgroup ours to divide?
Result<> check_inside(const unit::UnitPlan& plan);

// Limits that have no property to be: written and read back; and the filter of devices.
Result<> set_limits_inside(const unit::UnitPlan& plan, const Fd& group);

// A mark for the group, to know it again by: 32 hex digits.
Result<std::string> new_mark();

}  // namespace unitc::ops
