// SPDX-License-Identifier: Apache-2.0
// unitc create: the container up to the moment before its program.
#include "cgroup/grace.hpp"
#include "launch/seal.hpp"
#include "ops/creation.hpp"
#include "ops/locate.hpp"
#include "ops/ops.hpp"
#include "plan/make.hpp"

namespace unitc::ops {

Result<> protect_executable(char** argv) {
    TRY_IN("protect our own executable", launch::seal_executable(argv));
    return {};
}

Result<> begin_making(char** argv) {
    TRY(protect_executable(argv));
    // Not before: its process has the executable that we have.
    cgroup::begin_grace_period();
    return {};
}

void end_making() noexcept {
    cgroup::end_grace_period();
}

Result<> create(const Globals& globals, const CreateRequest& request) {
    const ContainerId id = TRY(ContainerId::parse(request.id));
    CreateRequest detached = request;
    detached.detach = true;
    const Deadline deadline = deadline_of(globals);
    Prepared prepared = TRY(prepare(globals, detached, id));
    if (prepared.mode == UnitMode::Service)
        return fail(
            "--unit=service: a service is started when it is made: `run` does both, `create` "
            "cannot");
    Creation creation =
        TRY(make_container(globals, detached, std::move(prepared), StartBy::Socket, deadline));
    wire::Channel& channel = creation.child().channel();
    TRY(channel.send(wire::Message::Detach));
    TRY(channel.expect(wire::Message::Detached));
    creation.keep();
    return {};
}

Result<std::string> plan(const Globals& globals, const CreateRequest& request) {
    const ContainerId id = TRY(ContainerId::parse(request.id));
    const Prepared prepared = TRY(prepare(globals, request, id));
    return plan::show(prepared.plan);
}

}  // namespace unitc::ops
