// SPDX-License-Identifier: Apache-2.0
// unitc run: create and start in one, and unless detached wait for the end.
#include <sys/prctl.h>

#include <optional>

#include "base/log.hpp"
#include "cgroup/victims.hpp"
#include "ops/conversation.hpp"
#include "ops/creation.hpp"
#include "ops/foreground.hpp"
#include "ops/hooks.hpp"
#include "ops/laps.hpp"
#include "ops/locate.hpp"
#include "ops/notification.hpp"
#include "ops/ops.hpp"
#include "ops/removal.hpp"
#include "ops/service.hpp"

namespace unitc::ops {
namespace {

// The lock is not held: a hook may call other verbs.
Result<> after_start(const Globals& globals, const state::Record& record, Deadline deadline) {
    auto done = run_poststart_hooks(record, deadline);
    if (done)
        return {};
    if (const auto removed = remove_recorded(globals, record); !removed)
        log::warning(removed.error().message);
    return done;
}

Result<int> stay(const Globals& globals, const CreateRequest& request, Creation creation,
                 Foreground foreground, const std::optional<Notification>& notification) {
    Laps laps;
    const auto log = cgroup::VictimLog::begin(creation.record().cgroup);
    // Not a zombie of ours for the container's life.
    end_making();
    const int status = TRY(foreground.wait(creation.child(), std::move(creation.master())));
    warn_of_victims(log);
    if (notification)
        notification->await_end();
    laps.lap("container's life");
    if (request.keep)
        return status;
    // The container's own status is what the caller asked for, come what may.
    if (auto removed = remove_recorded(globals, creation.record()); !removed)
        log::warning(removed.error().message);
    laps.lap("remove");
    return status;
}

}  // namespace

Result<int> run(const Globals& globals, const CreateRequest& request) {
    const ContainerId id = TRY(ContainerId::parse(request.id));
    const Deadline deadline = deadline_of(globals);
    Prepared prepared = TRY(prepare(globals, request, id));
    if (prepared.mode == UnitMode::Service)
        return run_service(globals, request, prepared, deadline);
    // Orphans of a container without a pid namespace of its own are ours then.
    if (!request.detach && !request.no_subreaper && ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
        return fail_sys("prctl PR_SET_CHILD_SUBREAPER");
    Creation creation =
        TRY(make_container(globals, request, std::move(prepared), StartBy::Parent, deadline));
    std::optional<Foreground> foreground;
    if (!request.detach)
        foreground.emplace(TRY(Foreground::begin()));
    auto notification =
        TRY(Notification::begin(creation.directory(), creation.record(), request.notify_socket));
    Laps laps;
    TRY(execute_program(creation.child().channel(), deadline));
    laps.lap("execute");
    creation.keep();
    const auto caller = request.detach ? Notification::Caller::Leaves : Notification::Caller::Stays;
    if (notification)
        notification->hand_over(creation.child().pidfd(), caller);
    TRY(after_start(globals, creation.record(), deadline));
    if (notification)
        notification->announce_ready(caller);
    if (!foreground)
        return 0;
    return stay(globals, request, std::move(creation), *std::move(foreground), notification);
}

}  // namespace unitc::ops
