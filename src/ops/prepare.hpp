// SPDX-License-Identifier: Apache-2.0
// From a bundle to a plan: all that create, run and plan do before they have
// any side effect.
#pragma once

#include <optional>

#include "base/container_id.hpp"
#include "base/result.hpp"
#include "host/facts.hpp"
#include "oci/config.hpp"
#include "ops/credentials.hpp"
#include "ops/ops.hpp"
#include "ops/registration.hpp"
#include "plan/plan.hpp"
#include "resctrl/group.hpp"
#include "state/record.hpp"

namespace unitc::ops {

struct Prepared {
    std::string config_text;
    oci::Config config;
    host::Facts facts;
    plan::Plan plan;
    std::optional<resctrl::Group> rdt;
    bool notified = false;  // has a socket for sd_notify(3)
    ReadyBy ready_by = ReadyBy::Container;
    std::optional<CredentialsCopy> credentials;
    Registration registration = Registration::No;
    UnitMode mode = UnitMode::Scope;
    Output output = Output::Inherit;
};

// runc's rules for who gets the terminal, in its words.
Result<> check_terminal(bool detach, bool terminal, const std::string& console_socket);

// Whether the security modules that the config has labels for are there; in
// runc's words.
Result<> check_labels(const oci::Config& config);

// Compiles the config's filter, or takes it from the cache.
Result<> add_seccomp(const Globals& globals, const oci::Config& config, plan::InitPlan& init);

Result<Prepared> prepare(const Globals& globals, const CreateRequest& request,
                         const ContainerId& id);

// The same from within the container's service: with the copy of config.json
// that the record came with, instead of what the bundle holds by now.
Result<Prepared> prepare_within(const Globals& globals, const CreateRequest& request,
                                const state::Record& record, std::string config_text);

}  // namespace unitc::ops
