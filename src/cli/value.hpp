// SPDX-License-Identifier: Apache-2.0
// Values as Go programs take them, which scripts written for runc pass.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.hpp"

namespace unitc::cli {

// "512", "64M", "1.5GiB", "10 kb": bytes; the units are powers of 1024. "-1" is
// itself: unlimited.
Result<int64_t> parse_size(std::string_view text);

// "300ms", "1.5h", "2h45m", "0": nanoseconds, by time.ParseDuration's rules.
Result<int64_t> parse_duration(std::string_view text);

}  // namespace unitc::cli
