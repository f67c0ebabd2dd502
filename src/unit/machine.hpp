// SPDX-License-Identifier: Apache-2.0
// The name under which systemd-machined knows a container.
#pragma once

#include <string>

#include "base/container_id.hpp"

namespace unitc::unit {

// machined takes host names of at most 64 characters. An id of letters, digits
// and inner dashes that is no longer is its own name. Any other becomes a
// readable part of it, a dash and 16 hex digits of the id; so does an id that
// looks like such a name, and one with a dot: nss-mymachines(8) resolves names
// of machines on the host, and no container may answer for "example.com".
// Which container a name is of, `machinectl show -p Unit NAME` says.
std::string machine_name(const ContainerId& id);

}  // namespace unitc::unit
