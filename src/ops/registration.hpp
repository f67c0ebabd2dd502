// SPDX-License-Identifier: Apache-2.0
// Whether a container becomes a machine of systemd-machined, which machinectl(1)
// shows. Not unless asked for: its name would count in the host's resolver
// (nss-mymachines) and every user could see it; bus, machined and journal need
// another 2 ms of CPU for it; and whether machined runs at all is mostly
// chance, since it ends when it is idle.
#pragma once

#include <optional>
#include <string>

#include "base/container_id.hpp"
#include "base/result.hpp"
#include "oci/config.hpp"
#include "ops/ops.hpp"
#include "systemd/manager.hpp"

namespace unitc::ops {

// What is said by --register, else by the annotation "org.unitc.register", else
// by $UNITC_REGISTER; else No.
Result<Registration> decide_registration(const std::optional<Registration>& option,
                                         const oci::Config& config);

// Best effort: what goes wrong is a warning, or under Auto an entry for --debug.
void begin_registration(systemd::Manager& manager, Registration registration, const ContainerId& id,
                        const std::string& rootfs, pid_t init);
void finish_registration(systemd::Manager& manager, Registration registration, Deadline deadline);

}  // namespace unitc::ops
