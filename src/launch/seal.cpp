// SPDX-License-Identifier: Apache-2.0
#include "launch/seal.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/file.hpp"
#include "sys/mount.hpp"

namespace unitc::launch {

Result<> seal_executable(char** argv) {
    const Fd own = TRY(sys::open_at(AT_FDCWD, "/proc/self/exe", O_PATH));
    struct statvfs place {};
    if (::fstatvfs(own.get(), &place) < 0)
        return fail_sys("fstatvfs", "/proc/self/exe");
    if ((place.f_flag & ST_RDONLY) != 0)
        return {};
    const Fd copy = TRY(sys::open_tree_clone(own.get(), "", false));
    TRY(sys::mount_set(copy, {.set = MOUNT_ATTR_RDONLY}, false));
    ::syscall(SYS_execveat, copy.get(), "", argv, environ, AT_EMPTY_PATH);
    return fail_sys("execveat", "/proc/self/exe");
}

}  // namespace unitc::launch
