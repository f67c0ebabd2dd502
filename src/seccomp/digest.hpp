// SPDX-License-Identifier: Apache-2.0
// What identifies a compiled filter. For this room's own files only.
#pragma once

#include <string>
#include <string_view>

#include "oci/seccomp.hpp"

namespace unitc::seccomp {

// Everything compile() reads, unambiguously, with the library's version and
// the architecture: equal keys have equal filters.
std::string cache_key(const oci::Seccomp& profile);

// 32 hex digits. Fast, and against accidents only: who wants certainty
// compares the bytes as well, as the cache does with its keys.
std::string hash(std::string_view bytes);

}  // namespace unitc::seccomp
