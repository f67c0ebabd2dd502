// SPDX-License-Identifier: Apache-2.0
// What a service is told of where to watch for memory pressure (systemd's
// MEMORY_PRESSURE, since 254), for the container in its cgroup.
#pragma once

#include <string>
#include <vector>

#include "host/facts.hpp"
#include "oci/config.hpp"

namespace unitc::ops {

// Shows the file of the service's cgroup in the container, as systemd wants
// containers to see what is the host's, and adds the variables to `env`.
// Nothing where the service has none, where the config has a say in it already,
// and for programs of users that the file is not to be written by.
void pass_memory_pressure(const host::Service& service, oci::Config& config,
                          std::vector<std::string>& env);

}  // namespace unitc::ops
