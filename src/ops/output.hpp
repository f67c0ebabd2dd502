// SPDX-License-Identifier: Apache-2.0
// Where the container's standard output and error go. In the journal they are
// lines of the container's unit: journald asks the kernel who wrote each.
#pragma once

#include <optional>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "oci/config.hpp"
#include "ops/ops.hpp"
#include "plan/plan.hpp"
#include "unit/property.hpp"

namespace unitc::ops {

// What is said by --output, else by the annotation "org.unitc.output", else by
// $UNITC_OUTPUT; else Inherit. A terminal is the output itself.
Result<Output> decide_output(const std::optional<Output>& option, const oci::Config& config);

// The container's stream to journald (systemd-journald.service(8), "STREAM
// LOGGING"), for both, which keeps their lines in order; none where the plan has none.
Result<Fd> open_output(const plan::Plan& plan);

// The same of a container that is a service, by PID 1; with fields, which only
// it can have journald add.
unit::Properties journal_properties(const plan::Plan& plan);

}  // namespace unitc::ops
