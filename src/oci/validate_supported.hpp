// SPDX-License-Identifier: Apache-2.0
// The valid fields that this version does not act upon: nothing is dropped
// silently.
#pragma once

#include "base/result.hpp"
#include "oci/config.hpp"

namespace unitc::oci {

// "linux.intelRdt is not supported yet", or, for what only cgroup v1 has,
// "linux.resources.memory.swappiness: does not exist in cgroup v2".
Result<> is_supported(const Config& config);

}  // namespace unitc::oci
