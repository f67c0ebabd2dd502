// SPDX-License-Identifier: Apache-2.0
// Network devices by rtnetlink(7): from one network namespace to another.
#pragma once

#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::sys {

// ENODEV where the caller's network namespace has none of that name.
Result<> find_net_device(const std::string& name);

// Moves a device of the caller's network namespace into `netns` under the
// name `inside` (a "%d" in it: the first number that is free), with its
// permanent addresses of global scope, and sets it up. EEXIST where the name
// is taken.
Result<> move_net_device(const Fd& netns, const std::string& name, const std::string& inside);

// Sets the loopback device of the caller's network namespace up.
Result<> set_loopback_up();

}  // namespace unitc::sys
