// SPDX-License-Identifier: Apache-2.0
// What `unitc update` is asked for, as linux.resources.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "oci/resources.hpp"
#include "ops/ops.hpp"

namespace unitc::ops {

// From the file that --resources names, or from the options. Checked as far as
// that goes without the container.
Result<oci::Resources> resources_of(const UpdateRequest& request);

// The translator speaks of fields of config.json. Here they were options
// ("linux.resources.memory.swap" → "--memory-swap") or stood at the top of the
// document ("memory.swap").
std::string in_words_of(const UpdateRequest& request, std::string message);

}  // namespace unitc::ops
