// SPDX-License-Identifier: Apache-2.0
// The rules of runtime-spec 1.3 that join several fields, and the list of
// valid fields this version does not act upon yet and therefore refuses.
#pragma once

#include "base/result.hpp"
#include "oci/config.hpp"

namespace unitc::oci {

// Called before any side effect. Each rule is a row of a constexpr table.
Result<> validate(const Config& config);

}  // namespace unitc::oci
