// SPDX-License-Identifier: Apache-2.0
// Where we are not the machine's root: an ordinary user, or the root of a user
// namespace that such a user has made.
#include <sched.h>

#include <algorithm>

#include "plan/parts.hpp"

namespace unitc::plan {
namespace {

Result<> check_unprivileged(const oci::Config& config, const InitPlan& init) {
    if (!init.user_namespace)
        return fail(
            "linux.namespaces: rootless container requires user namespaces: an entry of type"
            " 'user' (as 'spec --rootless' writes it)");
    if (init.new_time_namespace)
        return fail(
            "linux.namespaces: a new time namespace is not supported for rootless containers");
    for (size_t i = 0; i < config.mounts.size(); ++i)
        if (init.mounts[i].idmap)
            return fail("mounts[" + std::to_string(i) +
                        "]: id-mapped mounts are not supported for rootless containers");
    return {};
}

}  // namespace

Result<> make_rootless(const oci::Process& process, const host::Facts& facts, InitPlan& init) {
    init.unprivileged = facts.unprivileged;
    init.rootless = facts.unprivileged || facts.own_namespace;
    // Whoever may map one group may not choose among several.
    if (facts.unprivileged && !process.user.additional_gids.empty())
        return fail(
            "process.user.additionalGids: cannot set any additional groups in a rootless"
            " container");
    return {};
}

Result<> make_rootless(const oci::Config& config, const host::Facts& facts, InitPlan& init) {
    TRY(make_rootless(*config.process, facts, init));
    if (facts.unprivileged)
        TRY(check_unprivileged(config, init));
    if (facts.user_manager && init.has_net_devices)
        return fail("linux.netDevices: network devices are not supported for rootless containers");
    const bool one_group = facts.unprivileged && init.user_namespace &&
                           sys::maps_only(init.user_namespace->maps.gids, facts.gid);
    init.keeps_groups = one_group || facts.setgroups_denied;
    // Its rights come from the namespace itself, so that is entered first.
    if (facts.unprivileged)
        std::stable_partition(init.joins.begin(), init.joins.end(),
                              [](const Join& join) { return join.type == CLONE_NEWUSER; });
    return {};
}

}  // namespace unitc::plan
