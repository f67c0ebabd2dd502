// SPDX-License-Identifier: Apache-2.0
// Whose part a container is: the service's that unitc runs in, or nobody's.
#pragma once

#include <optional>

#include "base/result.hpp"
#include "host/facts.hpp"
#include "oci/config.hpp"
#include "ops/ops.hpp"

namespace unitc::ops {

// What is said by the option, else by the annotation "org.unitc.part-of", else
// by $UNITC_PART_OF; else Auto. In its service's own cgroup it is always, and
// "no" is an error. Each error names which of them is wrong.
Result<std::optional<host::Service>> find_caller(const CreateRequest& request,
                                                 const oci::Config& config, UnitMode mode,
                                                 const host::Facts& facts);

}  // namespace unitc::ops
