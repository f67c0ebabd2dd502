// SPDX-License-Identifier: Apache-2.0
// System calls that are newer than the profile. A profile's author could not
// decide about them; libcs ask whether the kernel has them and fall back on
// ENOSYS, while EPERM (or a kill) ends the program (runc#2750, glibc and
// clone3, faccessat2). So they answer ENOSYS, whatever the default action.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "oci/seccomp.hpp"

namespace unitc::seccomp {

// The highest number that any rule of the profile names on an architecture.
struct NewestCall {
    uint32_t audit_arch = 0;      // AUDIT_ARCH_*
    std::optional<uint32_t> own;  // nothing: the profile names no call of it
    std::optional<uint32_t> x32;  // the x32 ABI's, with its bit, on AUDIT_ARCH_X86_64
};

// One entry per AUDIT_ARCH; empty where newer calls need no special answer: the
// default action lets them pass, or answers ENOSYS itself.
Result<std::vector<NewestCall>> newest_calls(const oci::Seccomp& profile);

// The instructions that go before the filter: they return ENOSYS or fall
// through to what follows them.
std::vector<sock_filter> enosys_prologue(const std::vector<NewestCall>& newest);

}  // namespace unitc::seccomp
