// SPDX-License-Identifier: Apache-2.0
#include "launch/namespaces.hpp"

#include <linux/sched.h>
#include <sched.h>
#include <unistd.h>

#include "base/text.hpp"
#include "launch/helper.hpp"
#include "sys/file.hpp"
#include "sys/process.hpp"
#include "sys/procfs.hpp"

namespace unitc::launch {
namespace {

Result<std::string> wait_for_the_end(const wire::Channel& channel) {
    TRY(channel.receive());
    return std::string{};
}

Result<Fd> open_namespace(const std::string& path) {
    // A fifo is no namespace, and must not hold us up either.
    return sys::open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_NONBLOCK);
}

Result<sys::IdMaps> maps_of(const std::string& path) {
    const Fd space = TRY(open_namespace(path));
    // Read from outside, of a process inside: what its ids are here.
    const auto enter = [&](const wire::Channel& channel) -> Result<std::string> {
        if (::setns(space.get(), CLONE_NEWUSER) < 0)
            return fail_sys("setns", path);
        TRY(channel.send(wire::Message::Ready));
        return wait_for_the_end(channel);
    };
    Child inside = TRY(start_helper(0, enter));
    TRY(inside.channel().expect(wire::Message::Ready));
    return sys::read_id_maps(inside.pid());
}

Result<> make_time_namespace(const plan::InitPlan& plan) {
    if (!plan.new_time_namespace)
        return {};
    if (::unshare(CLONE_NEWTIME) < 0)
        return fail_sys("unshare", "time namespace");
    if (plan.time_offsets.empty())
        return {};
    std::string lines;
    for (const plan::ClockOffset& offset : plan.time_offsets)
        lines.append(offset.clock)
            .append(" ")
            .append(std::to_string(offset.seconds))
            .append(" ")
            .append(std::to_string(offset.nanoseconds))
            .append("\n");
    const sys::Procfs proc = TRY(sys::Procfs::host());
    TRY_IN("linux.timeOffsets", proc.write("self/timens_offsets", lines));
    return {};
}

}  // namespace

Result<std::optional<sys::IdMaps>> id_maps(const plan::InitPlan& plan) {
    if (!plan.user_namespace)
        return std::optional<sys::IdMaps>{};
    const plan::UserNamespace& wanted = *plan.user_namespace;
    if (wanted.path.empty())
        return std::optional{wanted.maps};
    const sys::IdMaps found = TRY_IN("join user namespace", maps_of(wanted.path));
    // Engines that name both mean the same by them (runc's rule and words).
    if (!wanted.maps.uids.empty() && (!sys::is_same_map(found.uids, wanted.maps.uids) ||
                                      !sys::is_same_map(found.gids, wanted.maps.gids)))
        return fail(
            "linux.uidMappings: user namespaces enabled, but both namespace path and non-matching"
            " mapping specified -- you may only provide one");
    if (!sys::to_outside(found.uids, 0) || !sys::to_outside(found.gids, 0))
        return fail("join user namespace '" + wanted.path + "': it does not map its root");
    if (!sys::to_outside(found.uids, plan.process.uid))
        return fail("process.user.uid: is " + std::to_string(plan.process.uid) +
                    ", which the user namespace '" + wanted.path + "' does not map");
    if (!sys::to_outside(found.gids, plan.process.gid))
        return fail("process.user.gid: is " + std::to_string(plan.process.gid) +
                    ", which the user namespace '" + wanted.path + "' does not map");
    return std::optional{found};
}

Result<Fd> open_user_namespace(const plan::UserNamespace& space) {
    if (!space.path.empty())
        return open_namespace(space.path);
    const Child inside = TRY(start_helper(CLONE_NEWUSER, wait_for_the_end));
    TRY(sys::write_id_maps(inside.pid(), space.maps));
    // Our own child, not reaped: the pid is its.
    return open_namespace("/proc/" + std::to_string(inside.pid()) + "/ns/user");
}

Result<Child> spawn_by_usher(const plan::InitPlan& plan, init::Inheritance inheritance,
                             wire::Channel channel) {
    const auto clone = [&](const wire::Channel&) -> Result<std::string> {
        TRY(make_time_namespace(plan));
        TRY(init::join_all(plan.joins));
        const sys::Clone cloned = TRY(sys::clone_process(CLONE_PARENT | plan.new_namespaces));
        if (cloned.pid == 0)
            init::child_main(plan, std::move(inheritance));
        return std::to_string(cloned.pid);
    };
    Child usher = TRY(start_helper(0, clone));
    const wire::Packet word = TRY(usher.channel().expect(wire::Message::Ready));
    const auto pid = text::parse_int<pid_t>(word.payload);
    if (!pid || *pid <= 0)
        return fail("the usher named no process");
    // Our child, not reaped: the pid is its.
    return Child{*pid, TRY(sys::pidfd_open(*pid)), std::move(channel)};
}

}  // namespace unitc::launch
