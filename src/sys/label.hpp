// SPDX-License-Identifier: Apache-2.0
// The labels of the kernel's security modules, by their files in procfs.
#pragma once

#include <string>

#include "base/result.hpp"
#include "sys/procfs.hpp"

namespace unitc::sys {

bool apparmor_is_enabled();
bool selinux_is_enabled();

// What the calling thread, or a process it makes, gets with its next execve.
Result<> set_apparmor_profile(const Procfs& proc, const std::string& profile);
Result<> set_selinux_label(const Procfs& proc, const std::string& label);
// What keyrings that it makes are labelled with.
Result<> set_selinux_key_label(const Procfs& proc, const std::string& label);

}  // namespace unitc::sys
