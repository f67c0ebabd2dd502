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
namespace {

Result<Fd> open_group(const std::string& group) {
    const std::string path = "/sys/fs/cgroup" + group;
    return sys::open_at(AT_FDCWD, path.c_str(), O_PATH | O_DIRECTORY);
}

bool is_ours(const std::string& group) {
    const auto directory = open_group(group);
    const auto status = directory ? sys::stat_fd(*directory) : Failure{directory.error()};
    return status && status->st_uid == ::geteuid();
}

}  // namespace

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
    auto group = manager_group_of(cgroup);
    // su(1) in a terminal of a desktop is below the manager of another user.
    if (group && is_ours(*group))
        return *std::move(group);
    return usual_manager_group(TRY(sys::outside_uid()));
}

void read_user_manager(Facts& facts) {
    facts.user_manager = true;
    facts.cgroup_controllers.clear();
    // What is missing check() says, after what is missing of the machine.
    const auto group = own_manager_group();
    if (!group)
        return;
    facts.manager_group = *group;
    const auto directory = open_group(facts.manager_group);
    if (!directory)
        return;
    facts.delegated = is_ours(facts.manager_group);
    const auto content = sys::read_file(directory->get(), "cgroup.controllers");
    if (content)
        facts.cgroup_controllers = parse_controllers(text::trim(*content));
    facts.manager_runs = true;
}

}  // namespace unitc::host
