// SPDX-License-Identifier: Apache-2.0
// The mount API that works on descriptors (fsopen(2), open_tree(2),
// move_mount(2), mount_setattr(2)). No path of an image is ever passed.
#pragma once

#include <sys/mount.h>

#include <cstdint>
#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::sys {

Result<Fd> fs_open(const char* type);
Result<> fs_set_string(const Fd& context, const char* key, const char* value);
Result<> fs_set_flag(const Fd& context, const char* key);
// Errors carry the file system's own message where the kernel gives one.
Result<> fs_create(const Fd& context);
Result<Fd> fs_mount(const Fd& context, uint32_t attributes);  // MOUNT_ATTR_*

// A detached copy of the mount at `path` below `dir` (AT_FDCWD: the host's
// view); `recursive` takes what is mounted below along, `follow` is about a
// symlink at the end of `path`.
Result<Fd> open_tree_clone(int dir, const char* path, bool recursive, bool follow = true);

// MOUNT_ATTR_* to set and clear, and a propagation (MS_PRIVATE, …, 0: keep).
struct MountAttributes {
    uint64_t set = 0;
    uint64_t clear = 0;
    uint64_t propagation = 0;
    bool empty() const { return set == 0 && clear == 0 && propagation == 0; }
};
Result<> mount_set(const Fd& mount, const MountAttributes& attributes, bool recursive);

// Shows the ids of a detached copy's files through the map of the user
// namespace `space` (MOUNT_ATTR_IDMAP).
Result<> mount_idmap(const Fd& mount, const Fd& space, bool recursive);

// Puts a detached mount onto `target`; afterwards `mount` is its root.
Result<> move_mount_onto(const Fd& mount, const Fd& target);

// Takes an attached mount away, with what is mounted below it.
Result<> detach(const Fd& mount);

// Makes `root` (a mount in this mount namespace) the root: fchdir,
// pivot_root(".", "."), detach the old one, whose mounts must not be shared
// with anybody's any more.
Result<> pivot_to(const Fd& root);
// For a root that cannot be pivoted away from (initramfs): moves the mount of
// `root` over "/", and chroots into it. The old root stays mounted below.
Result<> move_over_root(const Fd& root);
Result<> chroot_to(const Fd& root);

}  // namespace unitc::sys
