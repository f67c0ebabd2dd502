// SPDX-License-Identifier: Apache-2.0
#include "ops/hooks.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.hpp"
#include "base/text.hpp"
#include "hooks/run.hpp"
#include "hooks/state.hpp"
#include "ops/ops.hpp"
#include "sys/file.hpp"
#include "sys/socket.hpp"

namespace unitc::ops {
namespace {

// A hook without `env` gets the caller's, as with runc.
std::vector<std::string> own_environment() {
    std::vector<std::string> env;
    for (char** variable = environ; *variable != nullptr; ++variable)
        env.emplace_back(*variable);
    return env;
}

std::string state_of(const state::Record& record, std::string_view status, pid_t pid) {
    return hooks::to_json({record.oci_version, record.id, record.bundle, record.annotations},
                          status, pid);
}

// They run in the bundle, as long as there is one.
Fd open_bundle(const state::Record& record) {
    auto directory = sys::open_at(AT_FDCWD, record.bundle.c_str(), O_PATH | O_DIRECTORY);
    return directory ? *std::move(directory) : Fd{};
}

hooks::Setting setting_of(std::string_view name, const Fd& directory,
                          std::optional<Deadline> deadline) {
    return {name, own_environment(), directory.get(), deadline};
}

}  // namespace

Result<> run_create_hooks(const oci::Hooks& list, const state::Record& record, pid_t pid,
                          Deadline deadline) {
    const Fd bundle = open_bundle(record);
    const std::string state = state_of(record, "creating", pid);
    TRY(hooks::run(setting_of("prestart", bundle, deadline), list.prestart, state));
    return hooks::run(setting_of("createRuntime", bundle, deadline), list.create_runtime, state);
}

Result<> run_poststart_hooks(const state::Record& record, Deadline deadline) {
    if (record.poststart.empty())
        return {};
    const Fd bundle = open_bundle(record);
    return hooks::run(setting_of("poststart", bundle, deadline), record.poststart,
                      state_of(record, "running", record.init.pid));
}

void run_poststop_hooks(const state::Record& record) {
    if (record.poststop.empty())
        return;
    const Fd bundle = open_bundle(record);
    const std::string state = state_of(record, "stopped", 0);
    for (size_t i = 0; i < record.poststop.size(); ++i) {
        // Time of its own for each: the verb's may be what has run out.
        const auto limit = record.poststop[i].timeout
                               ? std::nullopt
                               : std::optional{Deadline::in_ms(kDefaultDeadlineMs)};
        const auto done =
            hooks::run_one(setting_of("poststop", bundle, limit), record.poststop, i, state);
        if (!done)
            log::warning(done.error().message);
    }
}

Result<> tell_seccomp_agent(const plan::InitPlan& plan, const state::Record& record,
                            std::string_view status, pid_t init, pid_t pid, const Fd& listener) {
    std::string state = "{\"ociVersion\":" + text::json_string(record.oci_version) +
                        R"(,"fds":["seccompFd"],"pid":)" + std::to_string(pid);
    if (!plan.seccomp_metadata.empty())
        state += ",\"metadata\":" + text::json_string(plan.seccomp_metadata);
    state += ",\"state\":" + state_of(record, status, init) + "}";
    const Fd agent = TRY_IN(
        "linux.seccomp.listenerPath: failed to connect with seccomp agent specified in the seccomp "
        "profile",
        sys::connect_unix(plan.seccomp_agent, SOCK_STREAM));
    TRY_IN("linux.seccomp.listenerPath", sys::send_packet(agent, state, {listener.get()}));
    return {};
}

}  // namespace unitc::ops
