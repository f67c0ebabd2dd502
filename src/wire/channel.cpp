// SPDX-License-Identifier: Apache-2.0
#include "wire/channel.hpp"

#include <cerrno>

#include "base/text.hpp"
#include "sys/socket.hpp"

namespace unitc::wire {
namespace {

// Step timings and error texts; the longest holds a path or two.
constexpr size_t kLimit = size_t{64} << 10;

Error parse_failure(std::string_view payload) {
    const size_t space = payload.find(' ');
    const int code = text::parse_int<int>(payload.substr(0, space)).value_or(0);
    return Error{
        code, std::string{space == std::string_view::npos ? payload : payload.substr(space + 1)}};
}

}  // namespace

Result<> Channel::send(Message message, std::string_view payload,
                       const std::vector<int>& fds) const {
    std::string bytes{static_cast<char>(message)};
    bytes += payload.substr(0, kLimit - 1);
    return sys::send_packet(socket_, bytes, fds);
}

Result<> Channel::send_failure(const Error& error) const {
    return send(error.bare ? Message::Refused : Message::Failed,
                std::to_string(error.code) + " " + error.message);
}

Result<Packet> Channel::receive() const {
    auto received = sys::receive_packet(socket_, kLimit);
    // The peer ended with a word of ours unread. The kernel says so once, before
    // what the peer said itself.
    if (!received && received.error().code == ECONNRESET)
        received = sys::receive_packet(socket_, kLimit);
    sys::Packet raw = TRY(std::move(received));
    if (raw.bytes.empty())
        return fail_code(EPIPE, "receive");
    Packet packet{static_cast<Message>(raw.bytes.front()), raw.bytes.substr(1), std::move(raw.fds)};
    if (packet.message == Message::Failed || packet.message == Message::Refused) {
        Error error = parse_failure(packet.payload);
        error.bare = packet.message == Message::Refused;
        return Failure{std::move(error)};
    }
    return packet;
}

Result<Packet> Channel::expect(Message expected) const {
    Packet packet = TRY(receive());
    if (packet.message != expected)
        return fail(std::string{"expected message '"} + static_cast<char>(expected) + "', got '" +
                    text::printable(std::string(1, static_cast<char>(packet.message))) + "'");
    return packet;
}

Result<std::pair<Channel, Channel>> make_pair() {
    auto sockets = TRY(sys::socket_pair());
    return std::pair{Channel{std::move(sockets.first)}, Channel{std::move(sockets.second)}};
}

}  // namespace unitc::wire
