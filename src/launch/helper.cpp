// SPDX-License-Identifier: Apache-2.0
#include "launch/helper.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>

namespace unitc::launch {
Result<> begin_helper() {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return fail_sys("prctl PR_SET_PDEATHSIG");
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return fail_sys("prctl PR_SET_DUMPABLE");
    return {};
}

void end_helper(const wire::Channel& channel, Result<std::string> done) {
    // Nobody may be left to tell.
    [[maybe_unused]] const auto told =
        done ? channel.send(wire::Message::Ready, *done) : channel.send_failure(done.error());
    ::_exit(done ? 0 : 1);
}

}  // namespace unitc::launch
