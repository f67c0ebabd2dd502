// SPDX-License-Identifier: Apache-2.0
// Namespaces that clone3 did not make.
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>

#include <csignal>

#include "base/text.hpp"
#include "init/child.hpp"
#include "init/steps.hpp"
#include "sys/file.hpp"
#include "sys/identity.hpp"
#include "sys/mount.hpp"

namespace unitc::init {

Result<> receive_mounts(Context& context) {
    for (;;) {
        wire::Packet packet = TRY(context.channel.receive());
        if (packet.message == wire::Message::Outfitted)
            return {};
        if (packet.message != wire::Message::Source || packet.fds.size() != 1)
            return fail("the parent sent no mount");
        Fd& mount = packet.fds.front();
        const auto index = text::parse_int<size_t>(packet.payload);
        if (packet.payload == "root")
            context.early_root = std::move(mount);
        else if (index && *index < context.early_sources.size())
            context.early_sources[*index] = std::move(mount);
        else
            return fail("the parent sent a mount that is not in the plan");
    }
}

Result<> copy_mounts(Context& context) {
    const plan::InitPlan& plan = context.plan;
    context.early_root =
        TRY_IN("root.path", sys::open_tree_clone(AT_FDCWD, plan.rootfs.c_str(), true));
    for (size_t i = 0; i < plan.mounts.size(); ++i) {
        const plan::MountStep& step = plan.mounts[i];
        if (step.kind == plan::MountStep::Kind::Bind && step.source_in_root.empty())
            context.early_sources[i] =
                TRY_IN("error mounting " + step.where + " on '" + step.destination + "'",
                       copy_source(step));
    }
    return {};
}

Result<> become_root(Context& context) {
    const std::vector<gid_t> none;
    TRY(sys::become(0, 0, context.plan.keeps_groups ? nullptr : &none));
    // A change of user takes both away (prctl(2)).
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return fail_sys("prctl PR_SET_PDEATHSIG");
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return fail_sys("prctl PR_SET_DUMPABLE");
    return {};
}

Result<> join_namespaces(Context& context) {
    return join_all(context.plan.joins);
}

Result<> join_all(const std::vector<plan::Join>& joins) {
    for (const plan::Join& join : joins) {
        const std::string where = std::string{"join "} + join.name + " namespace";
        const Fd fd =
            TRY_IN(where, sys::open_at(AT_FDCWD, join.path.c_str(), O_RDONLY | O_NONBLOCK));
        // The kernel checks that it is a namespace of that type.
        if (::setns(fd.get(), join.type) < 0)
            return Failure{fail_sys("setns", join.path).value().in(where)};
    }
    return {};
}

Result<> enter_container(Context& context) {
    const auto flags = static_cast<int>(context.plan.enter_namespaces);
    // All or nothing, the user namespace first: the kernel sees to both. No
    // path is walked, and it is this very process's or ESRCH.
    if (::setns(context.container.get(), flags) < 0)
        return fail_sys("setns", "the container's namespaces");
    // The process made next is seen inside: no handle to a process of the
    // host's view goes along.
    context.container.reset();
    return {};
}

Result<> open_own_root(Context& context) {
    context.root = TRY(sys::open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY));
    return {};
}

Result<> await_cgroup(Context& context) {
    if (context.in_cgroup)
        return {};
    TRY(context.channel.expect(wire::Message::InCgroup));
    context.in_cgroup = true;
    return {};
}

Result<> enter_cgroup_namespace(Context& context) {
    if (context.in_cgroup_namespace)
        return {};  // mounting the cgroup needed it already
    TRY(await_cgroup(context));
    if (::unshare(CLONE_NEWCGROUP) < 0)
        return fail_sys("unshare", "cgroup namespace");
    context.in_cgroup_namespace = true;
    return {};
}

}  // namespace unitc::init
