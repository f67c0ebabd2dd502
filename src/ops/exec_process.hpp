// SPDX-License-Identifier: Apache-2.0
// From a container's process and the words of `unitc exec` to the process that
// is asked for. Pure.
#pragma once

#include <string>

#include "base/result.hpp"
#include "oci/config.hpp"
#include "ops/ops.hpp"

namespace unitc::ops {

// A process file stands for itself but for what runc takes from the container
// where the file has none: capabilities, rlimits, labels, scheduling, umask
// and oom score.
oci::Process inherit(oci::Process file, const oci::Process& container);

// What the command line gives goes before what is in `base`.
Result<oci::Process> apply_request(oci::Process base, const ExecRequest& request);

// --cgroup: the path below the container's group, "/" the group itself,
// empty: none was given.
Result<std::string> sub_cgroup(const std::vector<std::string>& values);

}  // namespace unitc::ops
