// SPDX-License-Identifier: Apache-2.0
// linux.resources.pids → TasksMax.
#include <algorithm>

#include "unit/builder.hpp"

namespace unitc::unit {

void set_pids(uint64_t limit, Builder& builder) {
    // systemd takes no 0; with one process inside, 0 and 1 forbid the same.
    const uint64_t tasks = std::max<uint64_t>(limit, 1);
    builder.set("TasksMax", tasks);
    if (builder.has_controller("pids", "linux.resources.pids"))
        builder.expect("pids.max", tasks == kInfinity ? "max" : std::to_string(tasks));
}

Result<> add_pids(int64_t limit, Builder& builder) {
    // Every negative number is "unlimited", as in runc.
    set_pids(limit < 0 ? kInfinity : static_cast<uint64_t>(limit), builder);
    return {};
}

}  // namespace unitc::unit
