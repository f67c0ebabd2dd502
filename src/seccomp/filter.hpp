// SPDX-License-Identifier: Apache-2.0
// The profile as a filter in libseccomp's memory, before it becomes a program.
// For this room's own files only.
#pragma once

#include <seccomp.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "oci/seccomp.hpp"

namespace unitc::seccomp {

struct ReleaseFilter {
    using pointer = scmp_filter_ctx;
    void operator()(scmp_filter_ctx filter) const { seccomp_release(filter); }
};
using FilterContext = std::unique_ptr<void, ReleaseFilter>;

// All rules in, nothing exported yet. Errors name the field of config.json.
Result<FilterContext> build(const oci::Seccomp& profile);

// SCMP_ARCH_* of the profile, the native one first, none twice.
Result<std::vector<uint32_t>> architectures(const oci::Seccomp& profile);

// libseccomp's error as ours; `code` is its negative errno value.
Failure fail_library(int code, std::string_view call, std::string_view object = {});

}  // namespace unitc::seccomp
