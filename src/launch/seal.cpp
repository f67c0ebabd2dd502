// SPDX-License-Identifier: Apache-2.0
#include "launch/seal.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "sys/file.hpp"
#include "sys/image.hpp"
#include "sys/mount.hpp"
#include "sys/privilege.hpp"

namespace unitc::launch {
namespace {

Result<Fd> open_own() {
    return sys::open_at(AT_FDCWD, "/proc/self/exe", O_PATH);
}

// Whether it is on a detached read-only mount, as move_to() and the exec below
// leave it. A read-only mount that others see may become writable any time.
Result<bool> is_sealed(const Fd& own) {
    struct statvfs place {};
    if (::fstatvfs(own.get(), &place) < 0)
        return fail_sys("fstatvfs", "/proc/self/exe");
    if ((place.f_flag & ST_RDONLY) == 0)
        return false;
    const std::string name = TRY(sys::read_link(AT_FDCWD, "/proc/self/exe"));
    // The file is all there is of that mount, and the mount is nowhere.
    return name == "/" || name == "/ (deleted)";
}

// Within the process, which spares a second start: a sixth of what an exec takes
// in a virtual machine, where the dynamic linker's questions to the processor go
// to the hypervisor. Whether it was done is read back; where it cannot be (a
// filter, an old kernel's configuration), false or an error.
Result<bool> move_to(const Fd& copy, const Fd& own) {
    const std::string path = "/proc/self/fd/" + std::to_string(copy.get());
    const Fd file = TRY(sys::open_at(AT_FDCWD, path.c_str(), O_RDONLY));
    const struct stat before = TRY(sys::stat_fd(own));
    const struct stat after = TRY(sys::stat_fd(file));
    if (before.st_dev != after.st_dev || before.st_ino != after.st_ino)
        return false;
    TRY(sys::replace_own_image(file));
    return is_sealed(TRY(open_own()));
}

// A user has no mounts to make, and need not where the file is another's: then
// the container's root, who has the user's rights to it at most, cannot change
// it either. One's own is executed from a sealed copy in memory.
Result<> seal_for_user(const Fd& own, char** argv) {
    const bool ours = TRY(sys::stat_fd(own)).st_uid == ::geteuid();
    if (!ours && ::faccessat(AT_FDCWD, "/proc/self/exe", W_OK, AT_EACCESS) < 0)
        return {};
    const Fd file = TRY(sys::open_at(AT_FDCWD, "/proc/self/exe", O_RDONLY));
    constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    if (const int seals = ::fcntl(file.get(), F_GET_SEALS);
        seals >= 0 && (seals & kSeals) == kSeals)
        return {};
    // With vm.memfd_noexec=1 only what is asked for can be executed; kernels
    // before 6.3 do not know of it.
    constexpr unsigned kMfdExec = 0x10;
    Fd copy{::memfd_create("unitc", MFD_CLOEXEC | MFD_ALLOW_SEALING | kMfdExec)};
    if (!copy && errno == EINVAL)
        copy = Fd{::memfd_create("unitc", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    if (!copy && errno == EACCES)
        return fail(
            "vm.memfd_noexec forbids a sealed copy of one's own executable: let root own it");
    if (!copy)
        return fail_sys("memfd_create");
    const auto size = static_cast<size_t>(TRY(sys::stat_fd(file)).st_size);
    for (size_t left = size; left > 0;) {
        const ssize_t sent = ::sendfile(copy.get(), file.get(), nullptr, left);
        if (sent <= 0)
            return fail_sys("sendfile", "/proc/self/exe");
        left -= static_cast<size_t>(sent);
    }
    if (::fcntl(copy.get(), F_ADD_SEALS, kSeals) < 0)
        return fail_sys("fcntl F_ADD_SEALS");
    ::syscall(SYS_execveat, copy.get(), "", argv, environ, AT_EMPTY_PATH);
    return fail_sys("execveat", "memfd");
}

}  // namespace

Result<> seal_executable(char** argv) {
    const Fd own = TRY(open_own());
    const bool sealed = TRY(is_sealed(own));
    if (sealed)
        return {};
    if (!sys::owns_machine())
        return seal_for_user(own, argv);
    const Fd copy = TRY(sys::open_tree_clone(own.get(), "", false));
    TRY(sys::mount_set(copy, {.set = MOUNT_ATTR_RDONLY}, false));
    const auto moved = move_to(copy, own);
    if (moved && *moved)
        return {};
    ::syscall(SYS_execveat, copy.get(), "", argv, environ, AT_EMPTY_PATH);
    return fail_sys("execveat", "/proc/self/exe");
}

}  // namespace unitc::launch
