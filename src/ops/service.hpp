// SPDX-License-Identifier: Apache-2.0
// A container as a transient service: `run` asks PID 1 for the unit, and the
// unitc that PID 1 executes in it makes the container (start_service in
// ops.hpp). Both talk over a socket in the container's directory:
//
//   service → caller   Terminal, 1 descriptor: the pty's master, if there is one
//   service → caller   Ready, 2 descriptors: pidfd of the first process, which waits, and
//                      the service's channel to it, in case the service cannot speak for it
//   caller → service   Start: pid file and sockets are served
//   service → caller   Detached: the program was executed; or Failed, Refused
//
// A caller that has gone holds nothing up, and when PID 1 starts the unit
// again there is none.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/stopwatch.hpp"
#include "oci/config.hpp"
#include "ops/ops.hpp"
#include "ops/prepare.hpp"

namespace unitc::ops {

// Does the program speak sd_notify(3) to PID 1 itself, by the annotation
// org.systemd.property.Type?
bool speaks_to_manager(const oci::Config& config);

// Before any side effect: what of the caller's a service of PID 1 cannot have.
Result<> check_service(const CreateRequest& request, const Prepared& prepared);

// The absolute path of our own executable, for PID 1 to execute.
Result<std::string> find_program(const std::string& argv0);

// `run --unit=service`. The exit status as of run().
Result<int> run_service(const Globals& globals, const CreateRequest& request,
                        const Prepared& prepared, Deadline deadline);

}  // namespace unitc::ops
