// SPDX-License-Identifier: Apache-2.0
// Lists of CPUs and memory nodes as bit masks and back.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "unit/property.hpp"

namespace unitc::unit {

// "0-3,7" (cpuset(7), "List format") → {0x8f}. No trailing zero bytes.
Result<Bytes> mask_of_list(std::string_view list);

// The list as the kernel prints it.
std::string list_of_mask(const Bytes& mask);

}  // namespace unitc::unit
