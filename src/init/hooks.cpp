// SPDX-License-Identifier: Apache-2.0
// Hooks around the container's first process: when the parent may run its
// own, and those that run in here. Foreign code runs only once the unit holds
// this process.
#include <sys/stat.h>
#include <unistd.h>

#include "hooks/run.hpp"
#include "hooks/state.hpp"
#include "init/steps.hpp"

namespace unitc::init {

Result<> let_parent_run_hooks(Context& context) {
    TRY(await_cgroup(context));
    TRY(context.channel.send(wire::Message::Mounted));
    TRY(context.channel.expect(wire::Message::HooksDone));
    return {};
}

Result<> run_create_container_hooks(Context& context) {
    TRY(await_cgroup(context));
    const hooks::Setting setting{.name = "createContainer",
                                 .env = {},
                                 .directory = context.root.get(),
                                 .deadline = std::nullopt};
    ::umask(0022);  // ours is none until the devices are made
    const auto done = hooks::run(setting, context.plan.create_container_hooks,
                                 hooks::to_json(context.plan.state, "creating", ::getpid()));
    ::umask(0);
    return done;
}

Result<> run_start_container_hooks(Context& context) {
    const hooks::Setting setting{
        .name = "startContainer", .env = context.env, .directory = -1, .deadline = std::nullopt};
    return hooks::run(setting, context.plan.start_container_hooks,
                      hooks::to_json(context.plan.state, "created", ::getpid()));
}

}  // namespace unitc::init
