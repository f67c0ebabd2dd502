// SPDX-License-Identifier: Apache-2.0
#include "sys/datagram.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "sys/file.hpp"
#include "sys/socket.hpp"

namespace unitc::sys {
namespace {

constexpr size_t kMostFds = 253;  // the kernel's SCM_MAX_FD
constexpr size_t kControlSize =
    CMSG_SPACE(kMostFds * sizeof(int)) + CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(sizeof(int));
// Of <asm-generic/socket.h> and <linux/socket.h> of Linux 6.5.
constexpr int kSoPassPidfd = 76;
constexpr int kScmPidfd = 4;

Result<Fd> make_socket() {
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return fail_sys("socket");
    return Fd{fd};
}

Result<Fd> connect_abstract(const std::string& address) {
    sockaddr_un target{};
    target.sun_family = AF_UNIX;
    if (address.size() < 2 || address.size() > sizeof target.sun_path)
        return fail_code(EINVAL, "socket name", address);
    // Behind a zero byte instead of the '@'; its end is its length's.
    std::memcpy(target.sun_path + 1, address.data() + 1, address.size() - 1);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
    Fd socket = TRY(make_socket());
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&target), size) < 0)
        return fail_sys("connect", address);
    return socket;
}

// Takes over every descriptor that came, whatever else was wrong.
void take_control(msghdr& message, Datagram& datagram) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
         part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET)
            continue;
        const size_t size = part->cmsg_len - CMSG_LEN(0);
        if (part->cmsg_type == SCM_CREDENTIALS && size >= sizeof(ucred)) {
            ucred who{};
            std::memcpy(&who, CMSG_DATA(part), sizeof who);
            datagram.sender = who.pid;
        }
        if (part->cmsg_type == kScmPidfd && size >= sizeof(int)) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(part), sizeof fd);
            if (fd >= 0)
                datagram.pidfd = Fd{fd};
        }
        if (part->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; i < size / sizeof(int); ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
            datagram.fds.emplace_back(fd);
        }
    }
}

}  // namespace

Result<Fd> bind_datagram_at(const Fd& dir, const std::string& name, mode_t mode) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    // Short whatever the directory's real name is.
    const std::string path = "/proc/self/fd/" + std::to_string(dir.get()) + "/" + name;
    if (path.size() >= sizeof address.sun_path)
        return fail_code(ENAMETOOLONG, "socket name", name);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    Fd socket = TRY(make_socket());
    const int on = 1;
    if (::setsockopt(socket.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
        return fail_sys("setsockopt SO_PASSCRED");
    // Older kernels do not know it, and then there is none.
    ::setsockopt(socket.get(), SOL_SOCKET, kSoPassPidfd, &on, sizeof on);
    if (::unlinkat(dir.get(), name.c_str(), 0) < 0 && errno != ENOENT)
        return fail_sys("unlinkat", name);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
        return fail_sys("bind", name);
    if (::fchmodat(dir.get(), name.c_str(), mode, 0) < 0)
        return fail_sys("fchmodat", name);
    return socket;
}

Result<Fd> connect_datagram(const std::string& address) {
    return address.starts_with('@') ? connect_abstract(address) : connect_unix(address, SOCK_DGRAM);
}

Result<std::optional<Datagram>> receive_datagram(const Fd& socket, std::span<char> buffer) {
    iovec data{buffer.data(), buffer.size()};
    alignas(cmsghdr) std::array<char, kControlSize> control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = retry_eintr(
        [&] { return ::recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT); });
    if (got < 0 && errno == EAGAIN)
        return std::nullopt;
    if (got < 0)
        return fail_sys("recvmsg");
    Datagram datagram;
    take_control(message, datagram);
    datagram.size = static_cast<size_t>(got);
    datagram.complete = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0;
    return datagram;
}

Result<> send_datagram(const Fd& socket, std::string_view bytes, std::span<const Fd> fds,
                       pid_t sender) {
    if (fds.size() > kMostFds)
        return fail_code(EINVAL, "sendmsg");
    iovec data{const_cast<char*>(bytes.data()), bytes.size()};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    alignas(cmsghdr) std::array<char, kControlSize> control{};
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    size_t used = 0;
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    if (!fds.empty()) {
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
        for (size_t i = 0; i < fds.size(); ++i) {
            const int fd = fds[i].get();
            std::memcpy(CMSG_DATA(part) + i * sizeof fd, &fd, sizeof fd);
        }
        used += CMSG_SPACE(fds.size() * sizeof(int));
        part = CMSG_NXTHDR(&message, part);
    }
    if (sender != 0) {
        const ucred who{sender, ::getuid(), ::getgid()};
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_CREDENTIALS;
        part->cmsg_len = CMSG_LEN(sizeof who);
        std::memcpy(CMSG_DATA(part), &who, sizeof who);
        used += CMSG_SPACE(sizeof who);
    }
    message.msg_control = used > 0 ? control.data() : nullptr;
    message.msg_controllen = used;
    const ssize_t sent =
        retry_eintr([&] { return ::sendmsg(socket.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT); });
    if (sent < 0)
        return fail_sys("sendmsg");
    return {};
}

}  // namespace unitc::sys
