// SPDX-License-Identifier: Apache-2.0
#include "host/user_manager.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.hpp"
#include "sys/file.hpp"
#include "sys/privilege.hpp"
#include "sys/procfs.hpp"

namespace unitc::host {

std::optional<std::string> manager_group_of(std::string_view cgroup) {
    constexpr std::string_view kService = ".service";
    std::string group;
    for (const std::string_view part : text::split(cgroup, '/')) {
        if (part.empty())
            continue;
        group.append("/").append(part);
        // The outermost: whatever is below is its user's to name.
        if (part.starts_with("user@") && part.ends_with(kService))
            return group;
    }
    return std::nullopt;
}

std::string usual_manager_group(uid_t uid) {
    const std::string number = std::to_string(uid);
    return "/user.slice/user-" + number + ".slice/user@" + number + ".service";
}

Result<std::string> own_manager_group() {
    const sys::Procfs proc = TRY(sys::Procfs::host());
    const std::string cgroup = TRY(sys::cgroup_of(proc, "self"));
    if (auto group = manager_group_of(cgroup))
        return *std::move(group);
    return usual_manager_group(TRY(sys::outside_uid()));
}

Result<> read_user_manager(Facts& facts) {
    facts.user_manager = true;
    facts.manager_group = TRY(own_manager_group());
    facts.cgroup_controllers.clear();
    const std::string path = "/sys/fs/cgroup" + facts.manager_group;
    const auto directory = sys::open_at(AT_FDCWD, path.c_str(), O_PATH | O_DIRECTORY);
    if (!directory)
        return {};  // check() says it
    facts.delegated = TRY(sys::stat_fd(*directory)).st_uid == ::geteuid();
    const auto content = sys::read_file(directory->get(), "cgroup.controllers");
    if (content)
        facts.cgroup_controllers = parse_controllers(text::trim(*content));
    facts.manager_runs = true;
    return {};
}

}  // namespace unitc::host
