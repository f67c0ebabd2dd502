// SPDX-License-Identifier: Apache-2.0
#include "sys/net_device.hpp"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <vector>

#include "sys/file.hpp"

namespace unitc::sys {
namespace {

constexpr size_t kReplySize = size_t{64} << 10;

Result<Fd> open_netlink() {
    const int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0)
        return fail_sys("socket", "netlink");
    return Fd{fd};
}

// A socket belongs to the network namespace it was made in, for good.
Result<Fd> open_netlink_in(const Fd& netns) {
    const Fd ours = TRY(open_at(AT_FDCWD, "/proc/self/ns/net", O_RDONLY));
    if (::setns(netns.get(), CLONE_NEWNET) < 0)
        return fail_sys("setns", "network namespace");
    auto socket = open_netlink();
    if (::setns(ours.get(), CLONE_NEWNET) < 0)
        return fail_sys("setns", "back to our network namespace");
    return socket;
}

// A request as bytes: header, the family's own struct, attributes.
class Message {
public:
    template <typename Body>
    Message(uint16_t type, uint16_t flags, const Body& body) {
        nlmsghdr header{};
        header.nlmsg_type = type;
        header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
        append(&header, sizeof header);
        append(&body, sizeof body);
    }

    void add(uint16_t type, const void* data, size_t size) {
        const rtattr attribute{static_cast<uint16_t>(RTA_LENGTH(size)), type};
        append(&attribute, sizeof attribute);
        append(data, size);
    }
    void add(uint16_t type, const std::string& text) { add(type, text.c_str(), text.size() + 1); }

    const std::string& finish() {
        const auto size = static_cast<uint32_t>(bytes_.size());
        std::memcpy(bytes_.data(), &size, sizeof size);
        return bytes_;
    }

private:
    void append(const void* data, size_t size) {
        bytes_.append(static_cast<const char*>(data), size);
        bytes_.resize(NLMSG_ALIGN(bytes_.size()));
    }
    std::string bytes_;
};

// Sends, and hands every message of the answer to `take` until it ends.
template <typename Take>
Result<> ask(const Fd& socket, Message message, Take take) {
    const std::string& bytes = message.finish();
    if (retry_eintr([&] { return ::send(socket.get(), bytes.data(), bytes.size(), 0); }) < 0)
        return fail_sys("send", "netlink");
    std::vector<char> reply(kReplySize);  // new aligns it
    for (;;) {
        const ssize_t got =
            retry_eintr([&] { return ::recv(socket.get(), reply.data(), reply.size(), 0); });
        if (got < 0)
            return fail_sys("recv", "netlink");
        auto left = static_cast<unsigned>(got);
        for (auto* part = reinterpret_cast<nlmsghdr*>(reply.data()); NLMSG_OK(part, left);
             part = NLMSG_NEXT(part, left)) {
            if (part->nlmsg_type == NLMSG_DONE)
                return {};
            if (part->nlmsg_type == NLMSG_ERROR) {
                const auto* problem = static_cast<const nlmsgerr*>(NLMSG_DATA(part));
                return problem->error == 0 ? Result<>{}
                                           : Result<>{fail_code(-problem->error, "rtnetlink")};
            }
            take(*part);
        }
    }
}

Result<> order(const Fd& socket, Message message) {
    return ask(socket, std::move(message), [](const nlmsghdr&) {});
}

struct Address {
    ifaddrmsg body{};
    std::vector<std::pair<uint16_t, std::string>> attributes;
};

// What is meant to last and to be reached from elsewhere.
Result<std::vector<Address>> addresses_of(const Fd& socket, unsigned index) {
    std::vector<Address> found;
    TRY(ask(socket, Message{RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{}}, [&](const nlmsghdr& part) {
        Address address;
        const auto* body = static_cast<const ifaddrmsg*>(NLMSG_DATA(&part));
        address.body = *body;
        if (part.nlmsg_type != RTM_NEWADDR || body->ifa_index != index ||
            body->ifa_scope != RT_SCOPE_UNIVERSE)
            return;
        uint32_t flags = body->ifa_flags;
        auto left = static_cast<unsigned>(IFA_PAYLOAD(&part));
        for (const rtattr* next = IFA_RTA(body); RTA_OK(next, left); next = RTA_NEXT(next, left)) {
            const std::string value{static_cast<const char*>(RTA_DATA(next)), RTA_PAYLOAD(next)};
            if (next->rta_type == IFA_FLAGS && value.size() == sizeof flags)
                std::memcpy(&flags, value.data(), sizeof flags);
            if (next->rta_type == IFA_ADDRESS || next->rta_type == IFA_LOCAL ||
                next->rta_type == IFA_BROADCAST)
                address.attributes.emplace_back(next->rta_type, value);
        }
        if ((flags & IFA_F_PERMANENT) != 0)
            found.push_back(std::move(address));
    }));
    return found;
}

struct Link {
    int index = 0;
    std::string name;
};

Result<std::vector<Link>> links(const Fd& socket) {
    std::vector<Link> found;
    TRY(ask(socket, Message{RTM_GETLINK, NLM_F_DUMP, ifinfomsg{}}, [&](const nlmsghdr& part) {
        if (part.nlmsg_type != RTM_NEWLINK)
            return;
        const auto* body = static_cast<const ifinfomsg*>(NLMSG_DATA(&part));
        Link& link = found.emplace_back(Link{body->ifi_index, {}});
        auto left = static_cast<unsigned>(IFLA_PAYLOAD(&part));
        for (const rtattr* next = IFLA_RTA(body); RTA_OK(next, left); next = RTA_NEXT(next, left))
            if (next->rta_type == IFLA_IFNAME)
                link.name = static_cast<const char*>(RTA_DATA(next));
    }));
    return found;
}

// The kernel renames only after the move: a device that cannot get its name
// would be lost with the new namespace.
Result<> check_free(const std::vector<Link>& links, const std::string& name) {
    for (const Link& link : links)
        if (link.name == name)
            return fail_code(EEXIST, "a network device of the name '" + name + "'");
    return {};
}

// The device's index may change with its namespace, and "%d" leaves the name
// to the kernel: it is the one that was not there before.
Result<int> arrived(const Fd& socket, const std::vector<Link>& before) {
    const std::vector<Link> now = TRY(links(socket));
    for (const Link& link : now)
        if (std::none_of(before.begin(), before.end(),
                         [&](const Link& other) { return other.index == link.index; }))
            return link.index;
    return fail("the device did not arrive in the network namespace");
}

}  // namespace

Result<> find_net_device(const std::string& name) {
    if (::if_nametoindex(name.c_str()) == 0)
        return fail_sys("find network device", name);
    return {};
}

Result<> move_net_device(const Fd& netns, const std::string& name, const std::string& inside) {
    const unsigned index = ::if_nametoindex(name.c_str());
    if (index == 0)
        return fail_sys("find network device", name);
    const Fd here = TRY(open_netlink());
    const Fd there = TRY(open_netlink_in(netns));
    const std::vector<Address> addresses = TRY(addresses_of(here, index));
    const std::vector<Link> before = TRY(links(there));
    TRY(check_free(before, inside));

    ifinfomsg link{};
    link.ifi_index = static_cast<int>(index);
    Message move{RTM_NEWLINK, NLM_F_ACK, link};
    const int fd = netns.get();
    move.add(IFLA_NET_NS_FD, &fd, sizeof fd);
    move.add(IFLA_IFNAME, inside);
    TRY(order(here, std::move(move)));

    const int index_inside = TRY(arrived(there, before));
    for (Address address : addresses) {
        address.body.ifa_index = static_cast<uint32_t>(index_inside);
        Message add{RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, address.body};
        for (const auto& [type, value] : address.attributes)
            add.add(type, value.data(), value.size());
        TRY_IN("keep an address", order(there, std::move(add)));
    }
    ifinfomsg up{};
    up.ifi_index = index_inside;
    up.ifi_flags = IFF_UP;
    up.ifi_change = IFF_UP;
    TRY_IN("set up", order(there, Message{RTM_NEWLINK, NLM_F_ACK, up}));
    return {};
}

Result<> set_loopback_up() {
    const Fd socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    if (!socket)
        return fail_sys("socket");
    ifreq request{};
    std::memcpy(request.ifr_name, "lo", sizeof "lo");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) < 0)
        return fail_sys("ioctl SIOCSIFFLAGS", "lo");
    return {};
}

}  // namespace unitc::sys
