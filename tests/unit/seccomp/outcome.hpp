// SPDX-License-Identifier: Apache-2.0
// What the running kernel makes of a profile.
#pragma once

#include <string>
#include <vector>

#include "oci/seccomp.hpp"
#include "seccomp/compile.hpp"

namespace unitc::seccomp {

// Compiles the profile, loads it in a process for each call (probe.cpp says
// how calls are written), and returns a line for each: the raw result ("-1" is
// EPERM) or the signal's name. A failure is the only line.
std::vector<std::string> outcomes(const oci::Seccomp& profile,
                                  const std::vector<std::string>& calls);
std::vector<std::string> outcomes(const Filter& filter, const std::vector<std::string>& calls);

// "39:1:2" from a name on this architecture.
std::string call(const char* name, const std::vector<uint64_t>& args = {});

// Rules in short.
oci::SeccompSyscalls rule(std::vector<std::string> names, oci::SeccompAction action,
                          std::vector<oci::SeccompArg> args = {});

}  // namespace unitc::seccomp
