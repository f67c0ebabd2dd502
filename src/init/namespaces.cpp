// SPDX-License-Identifier: Apache-2.0
// Namespaces that clone3 did not make.
#include <fcntl.h>
#include <sched.h>

#include "init/steps.hpp"
#include "sys/file.hpp"

namespace unitc::init {

Result<> join_namespaces(Context& context) {
    for (const plan::Join& join : context.plan.joins) {
        const std::string where = std::string{"join "} + join.name + " namespace";
        const Fd fd = TRY_IN(where, sys::open_at(AT_FDCWD, join.path.c_str(), O_RDONLY));
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
