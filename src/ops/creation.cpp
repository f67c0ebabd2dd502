// SPDX-License-Identifier: Apache-2.0
#include "ops/creation.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/log.hpp"
#include "base/text.hpp"
#include "cgroup/cgroup.hpp"
#include "cgroup/inside.hpp"
#include "launch/grant.hpp"
#include "launch/outfit.hpp"
#include "oci/validate.hpp"
#include "ops/conversation.hpp"
#include "ops/ending.hpp"
#include "ops/engine_sockets.hpp"
#include "ops/hooks.hpp"
#include "ops/inside.hpp"
#include "ops/laps.hpp"
#include "ops/notification.hpp"
#include "ops/output.hpp"
#include "ops/pid_file.hpp"
#include "ops/service.hpp"
#include "plan/make.hpp"
#include "sys/file.hpp"
#include "sys/net_device.hpp"
#include "sys/procfs.hpp"
#include "sys/socket.hpp"
#include "systemd/manager.hpp"
#include "unit/name.hpp"

namespace unitc::ops {
namespace {

// Undoing gets time of its own: the verb's may be what has run out.
constexpr int kUndoMs = 2000;

// Its own words say more than systemd's "no process left".
Error first_cause(const wire::Channel& channel, Error error) {
    auto said = hear(channel, Deadline::in_ms(0));
    while (said)
        said = hear(channel, Deadline::in_ms(0));
    if (said.error().code == ETIMEDOUT)
        return error;
    return std::move(said).error();
}

// A group that is there already is somebody's. Said before anything is
// asked for, with runc's words.
Result<> check_free(const std::string& path) {
    const auto group = cgroup::open(path);
    if (!group)
        return {};
    if (const auto frozen = cgroup::frozen(*group); frozen && *frozen)
        return fail("container's cgroup unexpectedly frozen: '" + path + "'");
    const auto populated = cgroup::populated(*group);
    if (populated && *populated)
        return fail("container's cgroup is not empty: '" + path + "' is of a living unit");
    return {};
}

// A process that died in its unit cannot say why; the kernel may. The words
// are runc's.
Error cause_of_death(const std::string& group, Error error) {
    const auto opened = cgroup::open(group);
    if (!opened || cgroup::oom_kills(*opened) == 0)
        return error;
    return Error{0, "container init was OOM-killed (memory limit too low?)"};
}

bool filters_devices(const unit::UnitPlan& plan) {
    return std::any_of(plan.properties.begin(), plan.properties.end(), [](const auto& property) {
        const auto* value = std::get_if<std::string>(&property.value);
        return property.name == "DevicePolicy" && value != nullptr && *value == "strict";
    });
}

}  // namespace

state::Record make_record(const Prepared& prepared) {
    state::Record record;
    record.phase = state::Phase::Intent;
    record.id = prepared.plan.id;
    record.oci_version = prepared.config.oci_version;
    record.bundle = prepared.plan.bundle;
    record.rootfs = prepared.plan.init.rootfs;
    record.created = text::rfc3339_now();
    record.annotations = prepared.config.annotations;
    record.owner_uid = ::getuid();
    record.boot_id = prepared.facts.boot_id;
    record.unit = prepared.plan.unit.name;
    record.service = prepared.plan.unit.service;
    if (prepared.facts.caller)
        record.part_of = prepared.facts.caller->unit;
    record.poststart = prepared.plan.hooks.poststart;
    record.poststop = prepared.plan.hooks.poststop;
    record.keyring = prepared.plan.init.new_keyring ? prepared.plan.init.keyring_name : "";
    if (prepared.rdt) {
        record.rdt_group = prepared.rdt->home();
        record.rdt_made = prepared.rdt->undo();
    }
    if (prepared.notified) {
        record.notify_socket = plan::kNotifySocket;
        record.ready_started = prepared.ready_by == ReadyBy::Started;
    }
    if (prepared.mode == UnitMode::Service && speaks_to_manager(prepared.config))
        record.notify_socket = plan::kNotifySocket;
    record.private_pid_namespace = (prepared.plan.init.new_namespaces & CLONE_NEWPID) != 0;
    return record;
}

void warn_of(const Prepared& prepared) {
    for (const std::string& warning : oci::warnings(prepared.config))
        log::warning(warning);
    for (const std::string& warning : prepared.plan.unit.warnings)
        log::warning(warning);
}

Creation::Creation(Creation&& other) noexcept
    : deadline_(other.deadline_),
      entry_(std::move(other.entry_)),
      record_(std::move(other.record_)),
      child_(std::move(other.child_)),
      master_(std::move(other.master_)),
      expected_cgroup_(std::move(other.expected_cgroup_)),
      within_(other.within_),
      kept_(std::exchange(other.kept_, true)) {}

Result<> Creation::end_unit() const {
    if (expected_cgroup_.empty())
        return {};  // never asked for
    // No bus needed where there is nothing: should systemd still read the
    // request, it finds the process dead and collects the unit itself.
    if (const auto group = cgroup::open(expected_cgroup_); !group && group.error().code == ENOENT)
        return {};
    const Deadline deadline = Deadline::in_ms(kUndoMs);
    return end_container(record_, deadline);
}

Creation::~Creation() {
    if (kept_)
        return;
    if (child_)
        child_->kill();
    if (auto ended = end_unit(); !ended) {
        // The record stays, so that `delete --force` can try again.
        log::warning("unit '" + record_.unit +
                     "' of the failed container may be left: " + ended.error().message);
        return;
    }
    if (auto removed = remove_rdt_group(record_); !removed)
        log::warning(removed.error().message);
    if (within_)
        return;
    run_poststop_hooks(record_);
    if (auto removed = entry_->remove(); !removed)
        log::warning(removed.error().message);
}

void Creation::keep() {
    kept_ = true;
    child_->release();
    entry_.reset();  // ends the lock: other verbs may come
}

// The order of things; each function is one of make_container's phases.
class Maker {
public:
    Maker(const CreateRequest& request, Prepared prepared, Deadline deadline)
        : request_(request), prepared_(std::move(prepared)), deadline_(deadline) {}

    void set_turn(Turn turn) { turn_ = turn; }

    Result<> open_outlets() {
        TRY(pid_file_.open(request_.pid_file));
        return sockets_.connect(request_.console_socket, request_.pidfd_socket);
    }

    Result<Creation> claim(const Globals& globals, const ContainerId& id) {
        store_ = TRY(state::Store::open(globals.root, state::Store::Make::Yes));
        state::Record record = make_record(prepared_);
        if (is_inside()) {
            record.cgroup = unit::group_path(prepared_.plan.unit);
            record.invocation_id = TRY(new_mark());
            if (const auto parent = cgroup::open(prepared_.plan.unit.parent))
                record.service_invocation = cgroup::invocation_id(*parent);
        }
        Creation creation{deadline_, TRY(store_->claim(id)), std::move(record)};
        // Before the unit can exist: whoever finds it knows what to clean.
        TRY(creation.entry_->save(creation.record_));
        TRY(creation.entry_->save_config(prepared_.config_text));
        if (prepared_.notified)
            TRY(make_notify_directory(creation.entry_->dir()));
        if (prepared_.credentials)
            TRY_IN("credentials of the service",
                   copy_credentials(*prepared_.credentials, creation.entry_->dir()));
        return creation;
    }

    // The record goes on, with what is new about it.
    Result<Creation> adopt(state::Entry entry, const state::Record& former) {
        state::Record record = make_record(prepared_);
        record.created = former.created;
        record.home = former.home;
        record.cgroup = former.cgroup;
        record.invocation_id = former.invocation_id;
        Creation creation{deadline_, std::move(entry), std::move(record)};
        creation.within_ = true;
        TRY(creation.entry_->save(creation.record_));
        return creation;
    }

    Result<> spawn_within(Creation& creation) {
        creation.child_.emplace(TRY(launch::spawn(prepared_.plan.init, {}, launch::Parent::Ours)));
        lap("clone");
        if (prepared_.registration == Registration::No)
            return {};
        manager_ = TRY(systemd::Manager::connect(deadline_));
        manager_->adopt(prepared_.plan.unit);
        return {};
    }

    Result<> spawn(Creation& creation, StartBy start_by) {
        const std::string group =
            prepared_.facts.manager_group + unit::group_path(prepared_.plan.unit);
        TRY(check_free(group));
        // Sent before the clone, answered while the child already mounts.
        if (!is_inside() || prepared_.registration != Registration::No)
            manager_ = TRY(systemd::Manager::connect(deadline_));
        Fd listener;
        if (start_by == StartBy::Socket)
            listener = TRY(sys::listen_unix_at(creation.entry_->dir(), state::kStartSocket,
                                               SOCK_SEQPACKET, 0600));
        Fd inside;
        if (is_inside()) {
            // Before the clone: a child left in the service's own group would
            // keep it from handing down controllers.
            creation.expected_cgroup_ = group;
            inside = TRY_IN("--unit=self", make_group_inside(creation));
        }
        Fd output = TRY(open_output(prepared_.plan));
        creation.child_.emplace(
            TRY(launch::spawn(prepared_.plan.init, {std::move(listener), std::move(output)})));
        lap("clone");
        creation.expected_cgroup_ = group;
        launch::Child& child = *creation.child_;
        if (is_inside()) {
            TRY_IN("--unit=self", cgroup::add_process(inside, child.pid()));
            return {};
        }
        TRY(manager_->begin_start(prepared_.plan.unit, child.pid(), child.pidfd()));
        lap("ask systemd");
        return {};
    }

    Result<> enter_and_prepare(Creation& creation) {
        auto done = enter_unit(creation);
        if (done)
            done = await_ready(creation);
        if (!done)
            return Failure{cause_of_death(creation.expected_cgroup_, std::move(done).error())};
        return {};
    }

    Result<> record_created(Creation& creation) {
        const launch::Child& child = *creation.child_;
        creation.record_.init = TRY(sys::identify(child.pidfd(), child.pid()));
        creation.record_.phase = state::Phase::Created;
        if (prepared_.rdt)
            creation.record_.rdt_made = prepared_.rdt->leftover();
        TRY(creation.entry_->save(creation.record_));
        TRY(pid_file_.write(child.pid()));
        // "standard" is what runc says with it.
        TRY(sockets_.pass_pidfd("standard", child.pidfd()));
        lap("record");
        if (manager_)
            finish_registration(*manager_, prepared_.registration, deadline_);
        return {};
    }

private:
    bool is_inside() const { return !prepared_.plan.unit.service.empty(); }
    bool is_within() const { return prepared_.mode == UnitMode::Service; }

    Result<Fd> make_group_inside(const Creation& creation) {
        const unit::UnitPlan& plan = prepared_.plan.unit;
        Fd group = TRY(cgroup::make_inside(plan.parent, plan.name, creation.record_.invocation_id));
        TRY(set_limits_inside(plan, group));
        return group;
    }

    Result<> enter_unit(Creation& creation) {
        launch::Child& child = *creation.child_;
        auto refused =
            is_inside() || is_within() ? std::vector<std::string>{} : manager_->finish_start();
        if (!refused)
            return Failure{first_cause(child.channel(), std::move(refused).error())};
        lap("systemd's job");
        TRY(verify_unit(creation, *refused));
        lap("verify the unit");
        TRY(move_net_devices(child));
        TRY(enter_rdt_group(creation));
        if (auto sent = child.channel().send(wire::Message::InCgroup); !sent)
            return Failure{first_cause(child.channel(), std::move(sent).error())};
        // machined looks at it while the child goes on. Still in the unit's own
        // group, which makes `machinectl terminate` stop the unit.
        if (manager_)
            begin_registration(*manager_, prepared_.registration, creation.entry_->id(),
                               prepared_.plan.init.rootfs, child.pid());
        return {};
    }

    Result<> await_ready(Creation& creation) {
        for (;;) {
            wire::Packet packet = TRY(hear(creation.child_->channel(), deadline_));
            if (packet.message == wire::Message::Terminal && packet.fds.size() == 1) {
                TRY(sockets_.pass_terminal(std::move(packet.fds.front()), creation.master_));
            } else if (packet.message == wire::Message::Listener && packet.fds.size() == 1) {
                TRY(tell_agent(creation, packet.fds.front()));
            } else if (packet.message == wire::Message::Unmapped) {
                TRY(launch::map_source(*creation.child_, prepared_.plan.init, packet));
            } else if (packet.message == wire::Message::Mounted) {
                TRY(run_hooks(creation));
            } else if (packet.message == wire::Message::Ready) {
                lap("child ready");
                log_timings(packet.payload);
                TRY(launch::grant(*creation.child_, prepared_.plan.init));
                return {};
            } else {
                return fail("the container's process spoke out of turn");
            }
        }
    }

    // Is the child where systemd says it put it, under what was asked for?
    Result<> verify_unit(Creation& creation, const std::vector<std::string>& refused) {
        const unit::UnitPlan& plan = prepared_.plan.unit;
        const sys::Procfs proc = TRY(sys::Procfs::host());
        const std::string path = TRY(sys::cgroup_of(proc, creation.child_->pid()));
        if (!path.ends_with("/" + plan.name))
            return fail("unit '" + plan.name + "' is active, but the container's process is in '" +
                        path + "'");
        const Fd group = TRY(cgroup::open(path));
        if (is_within() && path != creation.record_.cgroup)
            return fail("the container's process is in '" + path + "', not in '" +
                        creation.record_.cgroup + "'");
        creation.record_.cgroup = path;
        creation.record_.invocation_id = cgroup::invocation_id(group);
        if (is_inside())
            return hand_over(creation, group);

        auto files = plan.cgroup_files;
        for (const unit::Fallback& fallback : plan.fallbacks)
            // Who asked for the unit knows what was refused; it is not us.
            if (is_within()
                    ? !cgroup::verify_files(group, {{fallback.file, fallback.content}})
                    : std::find(refused.begin(), refused.end(), fallback.property) != refused.end())
                files.emplace_back(fallback.file, fallback.content);
        TRY(cgroup::write_files(group, files));
        if (turn_ == Turn::First)
            TRY(cgroup::verify_files(group, plan.expected_files));
        TRY(hand_over(creation, group));
        if (filters_devices(plan) && TRY(cgroup::device_programs(group)) == 0)
            return fail("linux.resources.devices: systemd attached no device filter to '" +
                        plan.name + "'");
        return {};
    }

    Result<> hand_over(const Creation& creation, const Fd& group) {
        const plan::InitPlan& init = prepared_.plan.init;
        // A user's own group is the user's already, and nobody else's to be made.
        if (const auto& maps = creation.child_->id_maps();
            maps && init.hand_over_cgroup && !init.unprivileged)
            TRY(cgroup::hand_over(group,
                                  sys::to_outside(maps->uids, init.process.uid).value_or(0)));
        return {};
    }

    Result<> tell_agent(Creation& creation, const Fd& listener) {
        launch::Child& child = *creation.child_;
        TRY(tell_seccomp_agent(prepared_.plan.init, creation.record_, "creating", child.pid(),
                               child.pid(), listener));
        return child.channel().send(wire::Message::Listening);
    }

    // Before the child's sysctls and hooks, which wait for InCgroup.
    Result<> move_net_devices(const launch::Child& child) {
        const plan::Plan& plan = prepared_.plan;
        if (plan.net_devices.empty())
            return {};
        std::string path = "/proc/" + std::to_string(child.pid()) + "/ns/net";
        for (const plan::Join& join : plan.init.joins)
            if (join.type == CLONE_NEWNET)
                path = join.path;
        const Fd netns = TRY_IN("linux.netDevices", sys::open_at(AT_FDCWD, path.c_str(), O_RDONLY));
        for (const auto& [host, inside] : plan.net_devices)
            TRY_IN("linux.netDevices[\"" + host + "\"]", sys::move_net_device(netns, host, inside));
        lap("network devices");
        return {};
    }

    Result<> enter_rdt_group(Creation& creation) {
        if (!prepared_.rdt)
            return {};
        const Fd root = TRY_IN("linux.intelRdt", resctrl::open());
        const auto entered = resctrl::enter(root, *prepared_.rdt, creation.child_->pid());
        creation.record_.rdt_made = prepared_.rdt->undo();
        TRY_IN("linux.intelRdt", entered);
        return {};
    }

    Result<> run_hooks(Creation& creation) {
        const launch::Child& child = *creation.child_;
        TRY_IN("unable to start container process",
               run_create_hooks(prepared_.plan.hooks, creation.record_, child.pid(), deadline_));
        lap("hooks");
        return creation.child_->channel().send(wire::Message::HooksDone);
    }

    void lap(const char* name) { laps_.lap(name); }

    const CreateRequest& request_;
    Prepared prepared_;
    Deadline deadline_;
    Turn turn_ = Turn::First;
    std::optional<state::Store> store_;
    std::optional<systemd::Manager> manager_;
    EngineSockets sockets_;
    PidFile pid_file_;
    Laps laps_;
};

Result<Creation> make_container(const Globals& globals, const CreateRequest& request,
                                Prepared prepared, StartBy start_by, Deadline deadline) {
    const ContainerId id = TRY(ContainerId::parse(prepared.plan.id));
    warn_of(prepared);
    Maker maker{request, std::move(prepared), deadline};
    TRY(maker.open_outlets());
    // From here on the world changes. What is not kept is undone.
    Creation creation = TRY(maker.claim(globals, id));
    TRY(maker.spawn(creation, start_by));
    TRY(maker.enter_and_prepare(creation));
    TRY(maker.record_created(creation));
    return creation;
}

Result<Creation> make_container_within(const CreateRequest& request, Prepared prepared,
                                       state::Entry entry, const state::Record& record, Turn turn,
                                       Deadline deadline) {
    Maker maker{request, std::move(prepared), deadline};
    maker.set_turn(turn);
    Creation creation = TRY(maker.adopt(std::move(entry), record));
    TRY(maker.spawn_within(creation));
    TRY(maker.enter_and_prepare(creation));
    TRY(maker.record_created(creation));
    return creation;
}

}  // namespace unitc::ops
