// SPDX-License-Identifier: Apache-2.0
// Unix sockets: pairs, datagrams with descriptors, and names longer than
// sun_path by way of a directory descriptor.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::sys {

// SOCK_SEQPACKET: one message, one packet, descriptors with it.
Result<std::pair<Fd, Fd>> socket_pair();

struct Packet {
    std::string bytes;  // empty: the peer closed
    std::vector<Fd> fds;
};

Result<> send_packet(const Fd& socket, std::string_view bytes, const std::vector<int>& fds = {});
// Truncation of bytes or descriptors is an error, never silent.
Result<Packet> receive_packet(const Fd& socket, size_t limit);

// `path` may be longer than sun_path's 108 bytes. `type` is SOCK_STREAM, …
Result<Fd> connect_unix(const std::string& path, int type);
Result<Fd> connect_unix_at(const Fd& dir, const std::string& name, int type);
Result<Fd> listen_unix_at(const Fd& dir, const std::string& name, int type, mode_t mode);

}  // namespace unitc::sys
