// SPDX-License-Identifier: Apache-2.0
#include "sys/socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "sys/file.hpp"

namespace unitc::sys {
namespace {

constexpr size_t kMostFds = 253;  // the kernel's SCM_MAX_FD
constexpr int kBacklog = 16;

Result<Fd> make_socket(int type) {
    const int fd = ::socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail_sys("socket");
    return Fd{fd};
}

Result<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return fail_code(ENAMETOOLONG, "socket name", path);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

// What /proc/self/fd gives is short whatever the real name's length.
std::string by_fd(const Fd& fd) {
    return "/proc/self/fd/" + std::to_string(fd.get());
}

// `file` is the socket's own inode (O_PATH): no name is walked a second time.
Result<Fd> connect_to(const Fd& file, const std::string& shown, int type) {
    if (!S_ISSOCK(TRY(stat_fd(file)).st_mode))
        return fail_code(ENOTSOCK, "connect", shown);
    const sockaddr_un address = TRY(address_of(by_fd(file)));
    Fd socket = TRY(make_socket(type));
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (retry_eintr([&] { return ::connect(socket.get(), generic, sizeof address); }) < 0)
        return fail_sys("connect", shown);
    return socket;
}

// Takes over every descriptor that came, whatever else was wrong.
void take_fds(msghdr& message, std::vector<Fd>& fds) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
         part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
            fds.emplace_back(fd);
        }
    }
}

}  // namespace

Result<std::pair<Fd, Fd>> socket_pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) < 0)
        return fail_sys("socketpair");
    return std::pair{Fd{ends[0]}, Fd{ends[1]}};
}

Result<> send_packet(const Fd& socket, std::string_view bytes, const std::vector<int>& fds) {
    // An empty packet cannot be told from the peer's end.
    if (bytes.empty() || fds.size() > kMostFds)
        return fail_code(EINVAL, "sendmsg");
    iovec data{const_cast<char*>(bytes.data()), bytes.size()};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostFds * sizeof(int))> control{};
    if (!fds.empty()) {
        message.msg_control = control.data();
        message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
        cmsghdr* part = CMSG_FIRSTHDR(&message);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
        std::memcpy(CMSG_DATA(part), fds.data(), fds.size() * sizeof(int));
    }
    const ssize_t sent =
        retry_eintr([&] { return ::sendmsg(socket.get(), &message, MSG_NOSIGNAL); });
    if (sent < 0)
        return fail_sys("sendmsg");
    if (static_cast<size_t>(sent) != bytes.size())
        return fail_code(EMSGSIZE, "sendmsg");
    return {};
}

Result<Packet> receive_packet(const Fd& socket, size_t limit) {
    Packet packet;
    // Not a string of that size: most packets are short, and every page that is
    // cleared for one is a fault.
    const auto buffer = std::make_unique_for_overwrite<char[]>(limit);  // NOLINT(*-c-arrays)
    iovec data{buffer.get(), limit};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostFds * sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got =
        retry_eintr([&] { return ::recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC); });
    if (got < 0)
        return fail_sys("recvmsg");
    take_fds(message, packet.fds);
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
        return fail_code(EMSGSIZE, "recvmsg");
    packet.bytes.assign(buffer.get(), static_cast<size_t>(got));
    return packet;
}

Result<Fd> connect_unix(const std::string& path, int type) {
    const Fd file = TRY(open_at(AT_FDCWD, path.c_str(), O_PATH));
    return connect_to(file, path, type);
}

Result<Fd> connect_unix_at(const Fd& dir, const std::string& name, int type) {
    const Fd file = TRY(open_at(dir, name.c_str(), O_PATH | O_NOFOLLOW));
    return connect_to(file, name, type);
}

Result<Fd> listen_unix_at(const Fd& dir, const std::string& name, int type, mode_t mode) {
    const sockaddr_un address = TRY(address_of(by_fd(dir) + "/" + name));
    Fd socket = TRY(make_socket(type));
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
        return fail_sys("bind", name);
    // Nobody can connect before listen(2): the mode is exact in time.
    if (::fchmodat(dir.get(), name.c_str(), mode, 0) == 0 && ::listen(socket.get(), kBacklog) == 0)
        return socket;
    const int code = errno;
    ::unlinkat(dir.get(), name.c_str(), 0);
    return fail_code(code, "listen", name);
}

}  // namespace unitc::sys
