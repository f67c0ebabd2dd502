// SPDX-License-Identifier: Apache-2.0
// The bytes of config.json → Config. Pure: no file, no kernel.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "oci/config.hpp"

namespace unitc::oci {

// Limits on what is accepted at all; beyond them parse() fails before it
// builds anything large.
inline constexpr size_t kMaxBytes = size_t{16} << 20;
inline constexpr size_t kMaxDepth = 64;
inline constexpr size_t kMaxString = size_t{64} << 10;  // paths stop at PATH_MAX
inline constexpr size_t kMaxItems = 65536;              // of one array or object

// One error names the JSON path and what is allowed:
// "linux.resources.memory.limit: is a string, must be an integer".
// Unknown fields are ignored, as the spec demands; of a duplicate key nothing
// is kept: it is an error. 64-bit values are exact.
Result<Config> parse(std::string_view json);

}  // namespace unitc::oci
