// SPDX-License-Identifier: Apache-2.0
// The credentials of a service (LoadCredential= and friends, systemd.exec(5))
// for the container that is its own.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "host/facts.hpp"
#include "oci/config.hpp"

namespace unitc::ops {

// They are root's. For a program of another user a copy that is its own is
// made in the container's state directory, and mounted from there.
struct CredentialsCopy {
    std::string source;  // "/run/credentials/web.service"
    uid_t uid = 0;
    gid_t gid = 0;
};

// Adds the mount of the caller's credentials to `config`, at the place where
// systemd's CONTAINER_INTERFACE wants them, and the variable to `env`. Nothing
// where the caller has none, or where the config has a say in it already.
// `state_dir` is the container's; what is returned is to be copied there first.
std::optional<CredentialsCopy> pass_credentials(const host::Service& caller,
                                                const std::string& state_dir, oci::Config& config,
                                                std::vector<std::string>& env);

Result<> copy_credentials(const CredentialsCopy& wanted, const Fd& state_dir);

}  // namespace unitc::ops
