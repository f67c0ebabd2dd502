// SPDX-License-Identifier: Apache-2.0
// What Update is asked for, as linux.resources of `unitc update`.
#pragma once

#include <string>

#include "base/result.hpp"
#include "daemon/value.hpp"

namespace unitc::daemon {

// {"unified": {"pids.max": "20"}}. An error names the property and says what
// would be right: an unknown one, another type, a value no cgroup takes.
Result<std::string> resources_of(const Settings& settings);

}  // namespace unitc::daemon
