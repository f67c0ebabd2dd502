// SPDX-License-Identifier: Apache-2.0
// The texts of resctrl (Documentation/filesystems/resctrl.rst): what a group's
// schemata say.
#pragma once

#include <string>
#include <string_view>

#include "oci/config.hpp"

namespace unitc::resctrl {

// The lines to be written to a group's schemata, in the order of
// config-linux.md ("IntelRdt"): l3CacheSchema, memBwSchema, schemata.
std::string wanted_lines(const oci::IntelRdt& rdt);

// Whether a group whose schemata are `found` has all values of `wanted`: those
// of each resource by the id of its cache, whatever the order and leading zeros.
bool agrees(std::string_view found, std::string_view wanted);

}  // namespace unitc::resctrl
