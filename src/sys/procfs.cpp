// SPDX-License-Identifier: Apache-2.0
#include "sys/procfs.hpp"

#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/vfs.h>

#include <cerrno>

#include "base/text.hpp"
#include "sys/file.hpp"
#include "sys/mount.hpp"
#include "sys/path.hpp"

namespace unitc::sys {
namespace {

constexpr uint64_t kProcRootInode = 1;

Result<> verify(const Fd& fd) {
    struct statfs fs {};
    if (::fstatfs(fd.get(), &fs) < 0)
        return fail_sys("fstatfs", "/proc");
    if (fs.f_type != PROC_SUPER_MAGIC)
        return fail("/proc is not procfs");
    return {};
}

}  // namespace

Result<Procfs> Procfs::host() {
    Fd root = TRY(open_at(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW));
    TRY(verify(root));
    if (TRY(stat_fd(root)).st_ino != kProcRootInode)
        return fail("/proc is not the root of procfs");
    return Procfs{std::move(root)};
}

Result<Procfs> Procfs::fresh() {
    const Fd context = TRY(fs_open("proc"));
    TRY(fs_create(context));
    return Procfs{TRY(fs_mount(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC))};
}

Result<Fd> Procfs::open(const std::string& path, int flags) const {
    Fd file = TRY(
        open_below(root_, path, flags, RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS));
    TRY(verify(file));
    return file;
}

Result<std::string> Procfs::read(const std::string& path) const {
    const Fd file = TRY(open(path, O_RDONLY));
    return TRY_IN("/proc/" + path, read_all(file, size_t{16} << 20));
}

Result<> Procfs::write(const std::string& path, std::string_view bytes) const {
    const Fd file = TRY(open(path, O_WRONLY));
    TRY_IN("/proc/" + path, write_all(file, bytes));
    return {};
}

Result<std::string> boot_id() {
    const std::string id = TRY(read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id"));
    return std::string{text::trim(id)};
}

Result<std::string> cgroup_of(const Procfs& proc, const std::string& process) {
    const std::string text = TRY(proc.read(process + "/cgroup"));
    for (const std::string_view line : text::split(text, '\n'))
        if (line.starts_with("0::"))
            return std::string{line.substr(3)};
    return fail("process " + process + " is in no cgroup2 group");
}

}  // namespace unitc::sys
