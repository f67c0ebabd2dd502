// SPDX-License-Identifier: Apache-2.0
// What the parent and the container's child say to each other, over one
// SOCK_SEQPACKET pair: a message is a packet, descriptors travel with it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::wire {

// The whole conversation, in order. Whoever sees the other end closed too
// early knows that the peer died.
enum class Message : char {
    Joined = 'j',  // exec's joiner → parent: the process in the container; payload: its pid,
                   // 1 descriptor: its pidfd
    Source = 'b',  // parent → child: a mount to be made; payload: "root", or whose; 1 descriptor
    Outfitted = 'o',  // parent → child: you have all sources, and your ids are mapped
    Unmapped = 'u',   // child → parent: give this mount its ids; payload: which, 1 descriptor
    Mapped = 'U',     // parent → child: it has them
    InCgroup = 'g',   // parent → child: your unit is active and you are in it
    Mounted = 'm',    // child → parent: prestart and createRuntime hooks may run now
    HooksDone = 'h',  // parent → child: they have
    Listener = 'l',   // child → parent: seccomp's notifications, 1 descriptor
    Listening = 'L',  // parent → child: the agent has it
    Terminal = 't',   // child → parent: the pty's master, 1 descriptor
    Ready = 'r',      // child → parent: set up, waiting for start; payload: step timings
    Start = 's',      // parent (run) or starter (start) → child: execute
    Detach = 'd',     // parent (create) → child: from now on wait on the start socket
    Detached = 'a',   // child → parent: outlives you now
    Failed = 'e',     // child → parent or starter: "errno message", then it exits
    Refused = 'x',    // the same, and it was execve(2) that failed: a bare error
};

struct Packet {
    Message message = Message::Failed;
    std::string payload;
    std::vector<Fd> fds;
};

class Channel {
public:
    Channel() = default;
    explicit Channel(Fd socket) : socket_(std::move(socket)) {}

    Result<> send(Message message, std::string_view payload = {},
                  const std::vector<int>& fds = {}) const;
    Result<> send_failure(const Error& error) const;

    // The next message. Failed and Refused become the error they carry; a closed peer is
    // the error EPIPE.
    Result<Packet> receive() const;
    // The same, and anything but `expected` is an error.
    Result<Packet> expect(Message expected) const;

    const Fd& fd() const { return socket_; }
    void close() { socket_.reset(); }

private:
    Fd socket_;
};

// The two ends: first the parent's, then the child's.
Result<std::pair<Channel, Channel>> make_pair();

}  // namespace unitc::wire
