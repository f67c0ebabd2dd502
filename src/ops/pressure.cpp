// SPDX-License-Identifier: Apache-2.0
#include "ops/pressure.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/text.hpp"

namespace unitc::ops {
namespace {

constexpr const char* kWatch = "MEMORY_PRESSURE_WATCH";
constexpr const char* kWrite = "MEMORY_PRESSURE_WRITE";
constexpr const char* kFile = "/memory.pressure";
constexpr const char* kInside = "/run/host/memory.pressure";
constexpr const char* kOff = "/dev/null";  // of a service that is not to look at all

bool has_a_say(const oci::Config& config) {
    const auto& env = config.process->env;
    return std::any_of(env.begin(), env.end(),
                       [](const std::string& variable) {
                           return variable.starts_with(std::string{kWatch} + "=");
                       }) ||
           std::any_of(config.mounts.begin(), config.mounts.end(), [](const oci::Mount& mount) {
               return text::clean_path("/" + mount.destination) == kInside;
           });
}

// The file is the host's root's: whoever has it open for writing is told.
bool may_write(const oci::Config& config) {
    const auto& spaces = config.linux_->namespaces;
    return config.process->user.uid == 0 &&
           std::none_of(spaces.begin(), spaces.end(), [](const oci::Namespace& space) {
               return space.type == oci::NamespaceType::User;
           });
}

}  // namespace

void pass_memory_pressure(const host::Service& service, oci::Config& config,
                          std::vector<std::string>& env) {
    const char* watch = std::getenv(kWatch);
    if (watch == nullptr || !config.process || !config.linux_ || has_a_say(config))
        return;
    if (std::string_view{watch} == kOff) {
        env.push_back(std::string{kWatch} + "=" + kOff);
        return;
    }
    // With DelegateSubgroup= it is of that group, where the container is not.
    const std::string group = "/sys/fs/cgroup" + service.cgroup;
    if (!std::string_view{watch}.starts_with(group + "/") || !may_write(config))
        return;
    config.mounts.push_back({kInside,
                             "bind",
                             group + kFile,
                             {"bind", "rw", "nosuid", "nodev", "noexec", "private"},
                             {},
                             {}});
    env.push_back(std::string{kWatch} + "=" + kInside);
    if (const char* write = std::getenv(kWrite); write != nullptr)
        env.push_back(std::string{kWrite} + "=" + write);
}

}  // namespace unitc::ops
