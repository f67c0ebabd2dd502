// SPDX-License-Identifier: Apache-2.0
#include "launch/id_maps.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "sys/command.hpp"
#include "sys/id_map.hpp"

namespace unitc::launch {
namespace {

constexpr char kUidMapper[] = "newuidmap";
constexpr char kGidMapper[] = "newgidmap";

Result<> find_in_path(const char* program, const char* field) {
    const char* path = std::getenv("PATH");
    for (const std::string_view directory : text::split(path != nullptr ? path : "", ':'))
        if (directory.starts_with('/') &&
            ::access((std::string{directory} + "/" + program).c_str(), X_OK) == 0)
            return {};
    return fail(std::string{field} + ": maps more than your own id, which takes '" + program +
                "': it is not in $PATH (package 'uidmap')");
}

Result<> run_mapper(const char* program, const char* field, pid_t pid, const sys::IdMap& map) {
    std::vector<std::string> argv{program, std::to_string(pid)};
    for (const sys::IdRange& range : map)
        for (const uint32_t number : {range.inside, range.outside, range.size})
            argv.push_back(std::to_string(number));
    const sys::CommandResult result = TRY_IN(field, sys::run_command(argv));
    if (result.status != 0)
        return fail(std::string{field} + ": " + program +
                    " failed: " + text::printable(text::trim(result.output)));
    return {};
}

bool makes_namespace(const plan::InitPlan& plan) {
    return plan.unprivileged && plan.user_namespace && plan.user_namespace->path.empty();
}

}  // namespace

Result<> check_id_mappers(const plan::InitPlan& plan) {
    if (!makes_namespace(plan))
        return {};
    const sys::IdMaps& maps = plan.user_namespace->maps;
    if (!sys::maps_only(maps.uids, ::geteuid()))
        TRY(find_in_path(kUidMapper, "linux.uidMappings"));
    if (!sys::maps_only(maps.gids, ::getegid()))
        TRY(find_in_path(kGidMapper, "linux.gidMappings"));
    return {};
}

Result<> write_id_maps(pid_t pid, const plan::InitPlan& plan) {
    const sys::IdMaps& maps = plan.user_namespace->maps;
    if (!plan.unprivileged) {
        TRY_IN("linux.uidMappings", sys::write_id_maps(pid, maps));
        return {};
    }
    if (sys::maps_only(maps.gids, ::getegid())) {
        TRY_IN("linux.gidMappings", sys::deny_setgroups(pid));
        TRY_IN("linux.gidMappings", sys::write_gid_map(pid, maps.gids));
    } else {
        TRY(run_mapper(kGidMapper, "linux.gidMappings", pid, maps.gids));
    }
    if (!sys::maps_only(maps.uids, ::geteuid()))
        return run_mapper(kUidMapper, "linux.uidMappings", pid, maps.uids);
    TRY_IN("linux.uidMappings", sys::write_uid_map(pid, maps.uids));
    return {};
}

}  // namespace unitc::launch
