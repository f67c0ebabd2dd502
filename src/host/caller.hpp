// SPDX-License-Identifier: Apache-2.0
// The service that unitc itself runs in, and whether the container is that
// service's own: an engine's shim runs in its daemon's service as well, whose
// containers must outlive a restart of the daemon.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "host/facts.hpp"

namespace unitc::host {

// Is this process the command of an Exec…= line of PID 1's? It says so in
// $SYSTEMD_EXEC_PID (systemd.exec(5), since 248), which whatever an engine
// starts inherits with a pid that is not its own.
bool executed_by_manager();

// The service that a cgroup2 path of this machine belongs to, "/system.slice/
// web.service/payload": the first part below the slices, if that is a service
// of the system's manager, and not a unit of the manager of some user.
std::optional<Service> service_of(std::string_view cgroup);

// The same of the caller, by the kernel's word.
Result<std::optional<Service>> own_service();

}  // namespace unitc::host
