// SPDX-License-Identifier: Apache-2.0
#include "notify/group.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstring>
#include <string_view>

#include "sys/file.hpp"

namespace unitc::notify {

std::optional<uint64_t> cgroup_id(const Fd& pidfd) {
    // <linux/pidfd.h> of Linux 6.13: struct pidfd_info in its first size.
    struct Info {
        uint64_t mask;
        uint64_t cgroupid;
        uint32_t others[12];
    };
    static_assert(sizeof(Info) == 64);
    constexpr unsigned long kGetInfo = _IOWR(0xFF, 11, Info);
    constexpr uint64_t kCgroupId = uint64_t{1} << 2;
    constexpr uint64_t kExit = uint64_t{1} << 3;
    Info info{};
    info.mask = kCgroupId | kExit;
    if (::ioctl(pidfd.get(), kGetInfo, &info) < 0 || (info.mask & kCgroupId) == 0)
        return std::nullopt;
    return info.cgroupid;
}

Result<std::string> path_of(uint64_t id, const Fd& neighbour) {
    constexpr std::string_view kMount = "/sys/fs/cgroup";
    constexpr int kKernfsHandle = 0xfe;  // linux/exportfs.h, FILEID_KERNFS
    alignas(file_handle) char space[sizeof(file_handle) + sizeof id];
    auto* handle = reinterpret_cast<file_handle*>(space);
    handle->handle_bytes = sizeof id;
    handle->handle_type = kKernfsHandle;
    std::memcpy(handle->f_handle, &id, sizeof id);
    const Fd group{::open_by_handle_at(neighbour.get(), handle, O_PATH | O_CLOEXEC)};
    if (!group)
        return fail_sys("open_by_handle_at");
    const std::string link = "/proc/self/fd/" + std::to_string(group.get());
    const std::string path = TRY(sys::read_link(AT_FDCWD, link.c_str()));
    if (!path.starts_with(kMount))
        return fail("cgroup is not below " + std::string{kMount});
    return path.size() == kMount.size() ? "/" : path.substr(kMount.size());
}

}  // namespace unitc::notify
