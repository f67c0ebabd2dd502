// SPDX-License-Identifier: Apache-2.0
#include "host/caller.hpp"

#include <unistd.h>

#include <cstdlib>

#include "base/text.hpp"
#include "sys/procfs.hpp"

namespace unitc::host {
namespace {

constexpr std::string_view kSlice = ".slice";
constexpr std::string_view kService = ".service";

// systemd puts "_" before the name of a unit that could be taken for a file of
// the cgroup, and before one that begins with "_" or ".".
std::string_view unescape(std::string_view part) {
    if (part.starts_with('_'))
        part.remove_prefix(1);
    return part;
}

}  // namespace

bool executed_by_manager() {
    const char* pid = std::getenv("SYSTEMD_EXEC_PID");
    return pid != nullptr && text::parse_int<pid_t>(pid) == ::getpid() && ::getppid() == 1;
}

std::optional<Service> service_of(std::string_view cgroup) {
    if (!cgroup.starts_with('/'))
        return std::nullopt;
    Service found{"", "-.slice", ""};
    for (const std::string_view part : text::split(cgroup.substr(1), '/')) {
        const std::string_view name = unescape(part);
        found.cgroup.append("/").append(part);
        if (name.ends_with(kSlice)) {
            found.slice = name;
            continue;
        }
        // In user@1000.service are the units of another manager.
        if (!name.ends_with(kService) || name == kService || name.starts_with("user@"))
            return std::nullopt;
        found.unit = name;
        return found;
    }
    return std::nullopt;
}

Result<std::optional<Service>> own_service() {
    const sys::Procfs proc = TRY(sys::Procfs::host());
    const std::string cgroup = TRY(sys::cgroup_of(proc, "self"));
    return service_of(cgroup);
}

}  // namespace unitc::host
