// SPDX-License-Identifier: Apache-2.0
// What a container's scope always carries, whatever its limits.
#include "unit/builder.hpp"
#include "unit/name.hpp"

namespace unitc::unit {

void add_lifecycle(const ContainerId& id, const UnitName& name, Builder& builder) {
    // Also how a left-over unit is told from a stranger's: see Manager.
    builder.set("Description", "unitc container " + id.str());
    builder.set("Slice", name.slice);
    // The payload manages what is below its own cgroup; systemd stays out.
    builder.set("Delegate", true);
    // A failed scope would keep its name from the next container.
    builder.set("CollectMode", std::string{"inactive-or-failed"});
    // No ordering against basic.target: the bus itself may still be starting.
    builder.set("DefaultDependencies", false);
}

}  // namespace unitc::unit
