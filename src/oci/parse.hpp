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
inline constexpr size_t kMaxValues = size_t{1} << 18;   // of the whole document
// What may be longer: one argument or variable, up to the kernel's
// MAX_ARG_STRLEN (execve(2)); an annotation, as CRI-O puts a pod's own into one.
inline constexpr size_t kMaxArgument = (size_t{128} << 10) - 1;
inline constexpr size_t kMaxText = size_t{1} << 20;

// One error names the JSON path and what is allowed:
// "linux.resources.memory.limit: is a string, must be an integer".
// Unknown fields are ignored, as the spec demands, and keys match in their
// exact case; of a duplicate key nothing is kept: it is an error. A null member
// is an absent one, as for Go's encoding/json. 64-bit values are exact. What
// concerns one value alone is checked here, what joins several in validate().
Result<Config> parse(std::string_view json);

// `linux.resources` as a document of its own, as `unitc update` reads it; the
// paths in its errors start there ("memory.limit: …").
Result<Resources> parse_resources(std::string_view json);

// The same for the object `process` alone: exec's process.json. Paths in
// errors count from it ("user.uid: …").
Result<Process> parse_process(std::string_view json);

}  // namespace unitc::oci
