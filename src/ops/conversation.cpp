// SPDX-License-Identifier: Apache-2.0
#include "ops/conversation.hpp"

#include <fcntl.h>
#include <poll.h>

#include <cerrno>

#include "base/log.hpp"
#include "base/text.hpp"
#include "sys/file.hpp"

namespace unitc::ops {

Result<wire::Packet> receive_by(const wire::Channel& channel, Deadline deadline) {
    pollfd word{channel.fd().get(), POLLIN, 0};
    const int ready = sys::retry_eintr([&] { return ::poll(&word, 1, deadline.left_ms()); });
    if (ready < 0)
        return fail_sys("poll");
    if (ready == 0)
        return fail_code(ETIMEDOUT, "wait for the container's process");
    return channel.receive();
}

Result<wire::Packet> hear(const wire::Channel& channel, Deadline deadline) {
    auto packet = receive_by(channel, deadline);
    if (!packet && packet.error().code == ETIMEDOUT)
        return packet;
    if (!packet && packet.error().code == EPIPE)
        return Failure{Error{EPIPE, "unable to start container process: it died during its setup"}};
    if (!packet)
        return Failure{std::move(packet).error().in("unable to start container process")};
    return packet;
}

Result<> await_execution(const wire::Channel& channel, Deadline deadline) {
    auto answer = receive_by(channel, deadline);
    if (answer)
        return fail("the container's process spoke out of turn");
    if (answer.error().code != EPIPE)
        return Failure{std::move(answer).error()};
    return {};
}

Result<> execute_program(wire::Channel& channel, Deadline deadline) {
    TRY(channel.send(wire::Message::Start));
    // What execve refuses stays bare, as runc has it, whose first process says
    // such things itself.
    TRY_IN("unable to start container process", await_execution(channel, deadline));
    channel.close();
    return {};
}

void log_timings(std::string_view timings) {
    if (!log::enabled(log::Level::Debug))
        return;
    for (const std::string_view line : text::split(timings, '\n'))
        if (!line.empty())
            log::debug("child: " + std::string{line} + " us");
}

}  // namespace unitc::ops
