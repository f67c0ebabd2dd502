// SPDX-License-Identifier: Apache-2.0
// From a bundle to a plan: all that create, run and plan do before they have
// any side effect.
#pragma once

#include "base/container_id.hpp"
#include "base/result.hpp"
#include "host/facts.hpp"
#include "oci/config.hpp"
#include "ops/ops.hpp"
#include "plan/plan.hpp"

namespace unitc::ops {

struct Prepared {
    oci::Config config;
    host::Facts facts;
    plan::Plan plan;
};

Result<Prepared> prepare(const Globals& globals, const CreateRequest& request,
                         const ContainerId& id);

}  // namespace unitc::ops
