// SPDX-License-Identifier: Apache-2.0
// Numbers as systemd's tools write them for people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace unitc::ops {

// "0B", "512B", "1.5K", "64.0M": powers of 1024, one decimal, cut off.
std::string human_bytes(uint64_t bytes);

// "0", "900us", "12ms", "1.204s", "3min 5.120s", "2h 3min": the two largest
// units; what is below a millisecond is left out of seconds.
std::string human_span(uint64_t microseconds);

// "4s ago", "3min 5s ago", "2h 3min ago", "5 days ago"; "now".
std::string human_ago(int64_t seconds);

// "Mon 2026-11-23 12:23:47 UTC", in the local time zone.
std::string human_time(int64_t unix_seconds);

// The seconds of "2006-01-02T15:04:05.999999999Z"; nothing if it is no such.
std::optional<int64_t> unix_seconds(std::string_view rfc3339);

}  // namespace unitc::ops
