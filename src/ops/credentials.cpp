// SPDX-License-Identifier: Apache-2.0
#include "ops/credentials.hpp"

#include <cstdlib>

#include "base/log.hpp"
#include "base/text.hpp"

namespace unitc::ops {
namespace {

constexpr const char* kVariable = "CREDENTIALS_DIRECTORY";
constexpr const char* kInside = "/run/host/credentials";

bool has_a_say(const oci::Config& config) {
    for (const std::string& variable : config.process->env)
        if (variable.starts_with(std::string{kVariable} + "="))
            return true;
    for (const oci::Mount& mount : config.mounts)
        if (text::clean_path("/" + mount.destination) == kInside)
            return true;
    return false;
}

}  // namespace

void pass_credentials(const host::Service& caller, oci::Config& config,
                      std::vector<std::string>& env) {
    const char* directory = std::getenv(kVariable);
    if (directory == nullptr || has_a_say(config))
        return;
    // Inherited from elsewhere, it would be another's secrets.
    if (directory != "/run/credentials/" + caller.unit) {
        log::debug(std::string{kVariable} + " is not of " + caller.unit + ": not passed on");
        return;
    }
    config.mounts.push_back({kInside,
                             "bind",
                             directory,
                             {"bind", "ro", "nosuid", "nodev", "noexec", "private"},
                             {},
                             {}});
    env.push_back(std::string{kVariable} + "=" + kInside);
}

}  // namespace unitc::ops
