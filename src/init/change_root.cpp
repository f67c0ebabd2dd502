// SPDX-License-Identifier: Apache-2.0
// --no-pivot: the container's root over the host's, which stays mounted.
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "init/child.hpp"
#include "init/steps.hpp"
#include "sys/file.hpp"
#include "sys/mount.hpp"
#include "sys/mount_table.hpp"
#include "sys/procfs.hpp"

namespace unitc::init {
namespace {

// The kernel lets a user namespace mount a procfs or a sysfs without our masks
// while its mount namespace has a whole one that nothing covers (mount(8) in
// an `unshare -mrpf`; fs/namespace.c, mnt_already_visible()).
bool is_whole_kernel_mount(const sys::MountEntry& entry) {
    return (entry.type == "proc" || entry.type == "sysfs") && entry.root == "/" &&
           entry.point.starts_with('/');
}

enum class Hidden { TakenAway, Covered };

// What is on top at `point`, a path of the host's: below the current directory,
// which is the old root. What a user namespace was given it cannot take away.
Result<Hidden> hide(const std::string& point) {
    const std::string here = "." + point;
    if (::umount2(here.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
        return Hidden::TakenAway;
    if (errno != EINVAL && errno != EPERM)
        return fail_sys("umount2", point);
    if (::mount("tmpfs", here.c_str(), "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
                "size=0,mode=000") < 0)
        return fail_sys("mount tmpfs", point);
    return Hidden::Covered;
}

Result<> hide_kernel_mounts(const Context& context, const sys::Procfs& proc) {
    const uint64_t own = TRY(sys::mount_id(context.root));
    std::vector<uint64_t> covered;
    for (;;) {
        const auto table =
            sys::outside_of(own, sys::parse_mount_table(TRY(proc.read("self/mountinfo"))));
        const auto next = std::find_if(table.begin(), table.end(), [&](const auto& entry) {
            return is_whole_kernel_mount(entry) &&
                   std::find(covered.begin(), covered.end(), entry.id) == covered.end();
        });
        if (next == table.end())
            return {};
        // Taken away may have been another one, that lay on top of it.
        if (TRY(hide(next->point)) == Hidden::Covered)
            covered.push_back(next->id);
    }
}

}  // namespace

Result<> change_root(Context& context) {
    const sys::Procfs proc = TRY(sys::Procfs::host());
    const Fd old_root = TRY(sys::open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY));
    if (!context.plan.user_namespace)  // else it lies on "/" already
        TRY(sys::move_over_root(context.root));
    if (::fchdir(old_root.get()) < 0)
        return fail_sys("fchdir");
    TRY_IN("--no-pivot", hide_kernel_mounts(context, proc));
    return sys::chroot_to(context.root);
}

}  // namespace unitc::init
