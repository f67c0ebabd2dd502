// SPDX-License-Identifier: Apache-2.0
// The valid fields that cannot be acted upon: nothing is dropped silently.
#pragma once

#include "base/result.hpp"
#include "oci/config.hpp"

namespace unitc::oci {

// "linux.resources.memory.swappiness: does not exist in cgroup v2".
Result<> is_supported(const Config& config);

}  // namespace unitc::oci
