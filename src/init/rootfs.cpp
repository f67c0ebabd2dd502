// SPDX-License-Identifier: Apache-2.0
// The container's root mount, from a directory of the host to "/".
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "init/child.hpp"
#include "init/steps.hpp"
#include "sys/file.hpp"
#include "sys/mount.hpp"

namespace unitc::init {

Result<> open_host_null(Context& context) {
    // O_PATH: it is only ever mounted. What is bound over masked paths and
    // handed to the payload must be the real thing (CVE-2025-31133).
    context.host_null = TRY(sys::open_at(AT_FDCWD, "/dev/null", O_PATH | O_NOFOLLOW));
    const struct stat status = TRY(sys::stat_fd(context.host_null));
    if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3))
        return fail("the host's /dev/null is not the null device");
    return {};
}

Result<Fd> copy_source(const plan::MountStep& step) {
    const bool follow = !step.source_nofollow && !step.copy_symlink;
    return TRY_IN("source",
                  sys::open_tree_clone(AT_FDCWD, step.source.c_str(), step.recursive, follow));
}

Result<> copy_shared_sources(Context& context) {
    for (size_t i = 0; i < context.plan.mounts.size(); ++i) {
        const plan::MountStep& step = context.plan.mounts[i];
        if (step.kind == plan::MountStep::Kind::Bind && step.source_in_root.empty() &&
            !context.early_sources[i])
            context.early_sources[i] = TRY_IN(step.where, copy_source(step));
    }
    return {};
}

Result<> isolate_mounts(Context& context) {
    // Slave unless private is asked for: what the host mounts later below a
    // bind mount still shows up, and its unmounts are not blocked by copies.
    const uint64_t kind = (context.plan.root_propagation & MS_PRIVATE) != 0 ? MS_PRIVATE : MS_SLAVE;
    if (::mount(nullptr, "/", nullptr, kind | MS_REC, nullptr) < 0)
        return fail_sys("mount", "/");
    return {};
}

Result<> attach_root(Context& context) {
    if (context.early_root) {
        // Its own place may be out of the mapped root's reach; "/" is not, and
        // whatever is looked up from it still finds the host's.
        const Fd top = TRY(sys::open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY));
        context.root = std::move(context.early_root);
        TRY_IN("root.path", sys::move_mount_onto(context.root, top));
        return {};
    }
    const Fd place = TRY_IN(
        "root.path", sys::open_at(AT_FDCWD, context.plan.rootfs.c_str(), O_PATH | O_DIRECTORY));
    context.root = TRY_IN("root.path", sys::open_tree_clone(place.get(), "", true));
    // pivot_root(2) wants a mount point, below a mount that is not shared.
    TRY_IN("root.path", sys::move_mount_onto(context.root, place));
    return {};
}

Result<> finish_root(Context& context) {
    for (const KernelMount& mount : context.kernel_mounts)
        TRY(check_in_place(context, mount.root, mount.destination));
    for (const Fd& mount : context.late_readonly)
        TRY_IN("make read-only", sys::mount_set(mount, {.set = MOUNT_ATTR_RDONLY}, false));
    if (context.plan.readonly_root)
        TRY_IN("root.readonly", sys::mount_set(context.root, {.set = MOUNT_ATTR_RDONLY}, false));
    return {};
}

Result<> enter_root(Context& context) {
    if (context.plan.pivot)
        TRY(sys::pivot_to(context.root));
    else
        TRY(change_root(context));
    struct stat here {};
    if (::stat("/", &here) < 0)
        return fail_sys("stat", "/");
    const struct stat root = TRY(sys::stat_fd(context.root));
    if (here.st_dev != root.st_dev || here.st_ino != root.st_ino)
        return fail("the container's root is not what '/' shows");
    return {};
}

Result<> share_root(Context& context) {
    const uint64_t propagation = context.plan.root_propagation;
    // No slave of the host's beside it: "shared" is a group of the container's own.
    if ((propagation & MS_SHARED) != 0)
        TRY_IN("linux.rootfsPropagation",
               sys::mount_set(context.root, {.propagation = MS_PRIVATE}, false));
    TRY_IN("linux.rootfsPropagation",
           sys::mount_set(context.root, {.propagation = propagation & ~uint64_t{MS_REC}},
                          (propagation & MS_REC) != 0));
    return {};
}

Result<> close_setup(Context& context) {
    context.host_null.reset();
    context.root.reset();
    context.early_sources.clear();
    context.kernel_mounts.clear();
    context.late_readonly.clear();
    context.masking_directory.reset();
    return {};
}

}  // namespace unitc::init
