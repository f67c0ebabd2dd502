// SPDX-License-Identifier: Apache-2.0
// maskedPaths and readonlyPaths: mounts over the kernel's files, by
// descriptor. Whatever goes wrong but a path that is not there is an error:
// a mask that silently does not apply is an escape (CVE-2015-3630).
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/text.hpp"
#include "init/steps.hpp"
#include "sys/file.hpp"
#include "sys/mount.hpp"
#include "sys/path.hpp"

namespace unitc::init {
namespace {

// What lies below /proc or /sys is looked for in the very mount that was made
// there, not in what the image shows by now; the rest inside the root.
Result<Fd> open_path(const Context& context, const std::string& path) {
    for (const KernelMount& mount : context.kernel_mounts)
        if (path.starts_with(mount.destination + "/"))
            return sys::open_in_root(mount.root, path.substr(mount.destination.size()), O_PATH);
    return sys::open_in_root(context.root, path, O_PATH);
}

// ENOENT is the one excuse: kernels differ in what /proc holds.
Result<Fd> open_if_there(Context& context, const std::string& path) {
    auto target = open_path(context, text::clean_path(path));
    if (!target && (target.error().code == ENOENT || target.error().code == ENOTDIR))
        return Fd{};
    return target;
}

// An empty read-only directory: one tmpfs for all, as each superblock costs.
Result<Fd> make_empty_directory(Context& context) {
    if (context.masking_directory)
        return sys::open_tree_clone(context.masking_directory.get(), "", false);
    const Fd fs = TRY(sys::fs_open("tmpfs"));
    TRY(sys::fs_set_string(fs, "nr_inodes", "1"));
    TRY(sys::fs_set_string(fs, "size", "4k"));
    TRY(sys::fs_set_string(fs, "mode", "555"));
    TRY(sys::fs_create(fs));
    return sys::fs_mount(
        fs, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

Result<> mask(Context& context, const std::string& path) {
    const Fd target = TRY(open_if_there(context, path));
    if (!target)
        return {};
    if (!S_ISDIR(TRY(sys::stat_fd(target)).st_mode))
        return place(context, TRY(sys::open_tree_clone(context.host_null.get(), "", false)), target,
                     path);
    Fd empty = TRY(make_empty_directory(context));
    TRY(place(context, empty, target, path));
    // Only what is attached can be copied.
    if (!context.masking_directory)
        context.masking_directory = std::move(empty);
    return {};
}

Result<> make_read_only(Context& context, const std::string& path) {
    const Fd target = TRY(open_if_there(context, path));
    if (!target)
        return {};
    const Fd copy = TRY(sys::open_tree_clone(target.get(), "", true));
    // With what is mounted below it: a writable sub-mount is a writable path.
    TRY(sys::mount_set(copy, {.set = MOUNT_ATTR_RDONLY}, true));
    return place(context, copy, target, path);
}

}  // namespace

Result<> make_readonly_paths(Context& context) {
    for (const std::string& path : context.plan.readonly_paths)
        TRY_IN("linux.readonlyPaths '" + path + "'", make_read_only(context, path));
    return {};
}

Result<> mask_paths(Context& context) {
    for (const std::string& path : context.plan.masked_paths)
        TRY_IN("linux.maskedPaths '" + path + "'", mask(context, path));
    return {};
}

}  // namespace unitc::init
