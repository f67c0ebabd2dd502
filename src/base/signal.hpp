// SPDX-License-Identifier: Apache-2.0
// Signals by name, as `unitc kill` and images write them.
#pragma once

#include <string_view>

#include "base/result.hpp"

namespace unitc {

// "TERM", "SIGTERM", "sigterm", "RTMIN", "RTMIN+3", "RTMAX-2", "15"; 0 asks
// whether the process is there. The error starts as runc's: unknown signal "X".
Result<int> parse_signal(std::string_view text);

}  // namespace unitc
