// SPDX-License-Identifier: Apache-2.0
#include "ops/prepare.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>

#include "base/log.hpp"
#include "base/text.hpp"
#include "host/block.hpp"
#include "launch/id_maps.hpp"
#include "notify/message.hpp"
#include "oci/parse.hpp"
#include "oci/validate.hpp"
#include "ops/credentials.hpp"
#include "ops/inside.hpp"
#include "ops/locate.hpp"
#include "ops/notification.hpp"
#include "ops/output.hpp"
#include "ops/part_of.hpp"
#include "ops/pressure.hpp"
#include "ops/service.hpp"
#include "plan/make.hpp"
#include "seccomp/compile.hpp"
#include "state/store.hpp"
#include "sys/file.hpp"
#include "sys/label.hpp"
#include "sys/net_device.hpp"

namespace unitc::ops {
namespace {

constexpr const char* kConfig = "config.json";

Result<std::string> absolute(const std::string& path) {
    char resolved[PATH_MAX];
    if (::realpath(path.c_str(), resolved) == nullptr)
        return fail_sys("bundle", path);
    return std::string{resolved};
}

Result<std::string> read_config(const std::string& bundle) {
    const Fd directory = TRY(sys::open_at(AT_FDCWD, bundle.c_str(), O_PATH | O_DIRECTORY));
    // Not blocking: a fifo of that name must not hold us up.
    auto file = sys::open_at(directory, kConfig, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!file && file.error().code == ENOENT)
        return fail_code(ENOENT, std::string{"JSON specification file "} + kConfig +
                                     " not found in '" + bundle + "'");
    if (!file)
        return Failure{std::move(file).error()};
    if (!S_ISREG(TRY(sys::stat_fd(*file)).st_mode))
        return fail(std::string{kConfig} + ": is no regular file");
    return TRY_IN(kConfig, sys::read_all(*file, oci::kMaxBytes));
}

Result<> check_net_devices(const oci::Config& config) {
    if (config.linux_)
        for (const auto& entry : config.linux_->net_devices)
            TRY_IN("linux.netDevices", sys::find_net_device(entry.first));
    return {};
}

Result<> decide_rdt(Prepared& prepared, const ContainerId& id) {
    const auto& linux_part = prepared.config.linux_;
    if (!linux_part || !linux_part->intel_rdt)
        return {};
    const Fd root = TRY_IN("linux.intelRdt", resctrl::open());
    prepared.rdt = TRY(resctrl::decide(root, *linux_part->intel_rdt, id.str()));
    return {};
}

}  // namespace

Result<> check_terminal(bool detach, bool terminal, const std::string& console_socket) {
    if (detach && terminal && console_socket.empty())
        return fail("cannot allocate tty if unitc will detach without setting console socket");
    if ((!detach || !terminal) && !console_socket.empty())
        return fail("cannot use console socket if unitc will not detach or allocate tty");
    return {};
}

Result<> check_labels(const oci::Config& config) {
    if (!config.process->apparmor_profile.empty() && !sys::apparmor_is_enabled())
        return fail(
            "process.apparmorProfile: apparmor: config provided but apparmor not supported");
    const bool labelled = !config.process->selinux_label.empty();
    if ((labelled || (config.linux_ && !config.linux_->mount_label.empty())) &&
        !sys::selinux_is_enabled())
        return fail(std::string{labelled ? "process.selinuxLabel" : "linux.mountLabel"} +
                    ": selinux label is specified in config, but selinux is disabled or not "
                    "supported");
    return {};
}

Result<> add_seccomp(const Globals& globals, const oci::Config& config, plan::InitPlan& init) {
    if (!config.linux_ || !config.linux_->seccomp)
        return {};
    const std::string cache = globals.root + "/" + state::kSeccompCache;
    init.seccomp = TRY(seccomp::compile_cached(*config.linux_->seccomp, cache));
    if (log::enabled(log::Level::Debug))
        log::debug("seccomp filter flags: " + std::to_string(init.seccomp->flags));
    return {};
}

namespace {

Result<> decide_unit(const CreateRequest& request, Prepared& prepared) {
    prepared.facts.inside_caller = prepared.mode == UnitMode::Self;
    prepared.facts.as_service = prepared.mode == UnitMode::Service;
    prepared.facts.caller =
        TRY(find_caller(request, prepared.config, prepared.mode, prepared.facts));
    return {};
}

Result<Prepared> prepare_text(const CreateRequest& request, const ContainerId& id,
                              std::string config_text) {
    Prepared prepared;
    prepared.config_text = std::move(config_text);
    prepared.config = TRY_IN(kConfig, oci::parse(prepared.config_text));
    TRY_IN(kConfig, oci::validate(prepared.config));
    TRY(check_labels(prepared.config));
    prepared.registration = TRY(decide_registration(request.registration, prepared.config));
    TRY(check_net_devices(prepared.config));
    TRY(decide_rdt(prepared, id));
    prepared.facts = TRY(host::read());
    return prepared;
}

Result<> check_machine(const Globals& globals, Prepared& prepared) {
    TRY(host::check(prepared.facts));
    TRY(check_root(globals));
    if (const auto& linux_part = prepared.config.linux_)
        prepared.facts.bfq =
            linux_part->resources && unit::needs_bfq(*linux_part->resources) && host::has_bfq();
    return {};
}

// What a caller's descriptors and options make of it.
plan::Request wishes(const CreateRequest& request, std::string bundle) {
    plan::Request wanted;
    wanted.bundle = std::move(bundle);
    wanted.preserve_fds = request.listen_fds + request.preserve_fds;
    wanted.pivot = !request.no_pivot;
    wanted.new_keyring = !request.no_new_keyring;
    // sd_listen_fds(3): they go on to the container's first process.
    if (request.listen_fds > 0)
        wanted.extra_env = {"LISTEN_FDS=" + std::to_string(request.listen_fds), "LISTEN_PID=1"};
    if (request.listen_fds > 0 && !request.listen_names.empty())
        wanted.extra_env.push_back("LISTEN_FDNAMES=" + request.listen_names);
    wanted.listen_pidfd_id = request.listen_fds > 0 && request.listen_pidfd_id;
    return wanted;
}

}  // namespace

Result<Prepared> prepare(const Globals& globals, const CreateRequest& request,
                         const ContainerId& id) {
    const std::string bundle = TRY(absolute(request.bundle));
    std::string config = TRY(read_config(bundle));
    Prepared prepared = TRY(prepare_text(request, id, std::move(config)));
    TRY(check_terminal(request.detach, prepared.config.process->terminal, request.console_socket));
    prepared.output = TRY(decide_output(request.output, prepared.config));
    // Before a user is told what else a user's container needs.
    prepared.mode = TRY(unit_mode(request, prepared.config, prepared.facts));
    TRY(check_machine(globals, prepared));
    TRY(decide_unit(request, prepared));
    plan::Request wanted = wishes(request, bundle);
    // PID 1 gives a service its output.
    wanted.to_journal = prepared.output == Output::Journal && prepared.mode != UnitMode::Service;
    if (prepared.facts.caller && prepared.mode != UnitMode::Service)
        prepared.credentials =
            pass_credentials(*prepared.facts.caller, globals.root + "/" + id.str(), prepared.config,
                             wanted.extra_env);
    if (prepared.mode == UnitMode::Self)
        pass_memory_pressure(*prepared.facts.caller, prepared.config, wanted.extra_env);
    TRY_IN(kConfig, notify::allowed_by(prepared.config.annotations));
    prepared.ready_by = TRY(ready_by(request, prepared.config));
    // In a service it is its own manager that hears it.
    prepared.notified = prepared.mode != UnitMode::Service && is_notified(request.notify_socket);
    if (prepared.notified) {
        wanted.notify_directory = globals.root + "/" + id.str() + "/" + state::kNotifyDirectory;
        for (std::string& variable : watchdog_environment(request))
            wanted.extra_env.push_back(std::move(variable));
    }
    prepared.plan = TRY(plan::make(prepared.config, id, wanted, prepared.facts));
    TRY(launch::check_id_mappers(prepared.plan.init));
    if (prepared.mode == UnitMode::Self)
        TRY(check_inside(prepared.plan.unit));
    if (prepared.mode == UnitMode::Service && prepared.output == Output::Journal)
        for (unit::Property& property : journal_properties(prepared.plan))
            prepared.plan.unit.properties.push_back(std::move(property));
    TRY(add_seccomp(globals, prepared.config, prepared.plan.init));
    return prepared;
}

Result<Prepared> prepare_within(const Globals& globals, const CreateRequest& request,
                                const state::Record& record, std::string config_text) {
    const ContainerId id = TRY(ContainerId::parse(record.id));
    Prepared prepared = TRY(prepare_text(request, id, std::move(config_text)));
    TRY(check_machine(globals, prepared));
    prepared.mode = UnitMode::Service;
    prepared.facts.as_service = true;
    plan::Request wanted = wishes(request, record.bundle);
    if (speaks_to_manager(prepared.config)) {
        wanted.notify_socket = request.notify_socket;
        for (std::string& variable : watchdog_environment(request))
            wanted.extra_env.push_back(std::move(variable));
    }
    prepared.plan = TRY(plan::make(prepared.config, id, wanted, prepared.facts));
    TRY(launch::check_id_mappers(prepared.plan.init));
    // What it was started as, whatever the calling service of then was.
    prepared.plan.unit.name = record.unit;
    TRY(add_seccomp(globals, prepared.config, prepared.plan.init));
    return prepared;
}

}  // namespace unitc::ops
