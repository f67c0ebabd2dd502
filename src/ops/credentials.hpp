// SPDX-License-Identifier: Apache-2.0
// The credentials of a service (LoadCredential= and friends, systemd.exec(5))
// for the container that is its own.
#pragma once

#include <string>
#include <vector>

#include "host/facts.hpp"
#include "oci/config.hpp"

namespace unitc::ops {

// Adds the mount of the caller's credentials to `config`, at the place where
// systemd's CONTAINER_INTERFACE wants them, and the variable to `env`. Nothing
// where the caller has none, or where the config has a say in it already.
void pass_credentials(const host::Service& caller, oci::Config& config,
                      std::vector<std::string>& env);

}  // namespace unitc::ops
