// SPDX-License-Identifier: Apache-2.0
// The rules about user and time namespaces and id-mapped mounts.
#pragma once

#include "base/result.hpp"
#include "oci/config.hpp"

namespace unitc::oci {

// "linux.uidMappings[1]: overlaps linux.uidMappings[0]", "process.user.uid: is
// 1000, which linux.uidMappings does not map".
Result<> namespaces_are_consistent(const Config& config);

}  // namespace unitc::oci
