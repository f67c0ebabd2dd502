// SPDX-License-Identifier: Apache-2.0
// unitc exec: one more process in a running container. Health probes come this
// way every few seconds: neither systemd nor its bus is asked, no process is
// moved between cgroups.
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "base/log.hpp"
#include "base/scope_exit.hpp"
#include "base/text.hpp"
#include "cgroup/cgroup.hpp"
#include "host/facts.hpp"
#include "launch/child.hpp"
#include "oci/parse.hpp"
#include "oci/validate.hpp"
#include "ops/conversation.hpp"
#include "ops/ending.hpp"
#include "ops/engine_sockets.hpp"
#include "ops/exec_process.hpp"
#include "ops/foreground.hpp"
#include "ops/hooks.hpp"
#include "ops/laps.hpp"
#include "ops/locate.hpp"
#include "ops/ops.hpp"
#include "ops/pid_file.hpp"
#include "ops/prepare.hpp"
#include "plan/make.hpp"
#include "resctrl/group.hpp"
#include "state/status.hpp"
#include "sys/file.hpp"
#include "sys/id_map.hpp"
#include "sys/path.hpp"
#include "sys/privilege.hpp"
#include "sys/procfs.hpp"
#include "systemd/manager.hpp"

namespace unitc::ops {
namespace {

Result<oci::Process> read_process_file(const std::string& path) {
    // Also a pipe that somebody is still writing to.
    const Fd file = TRY_IN("--process", sys::open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_NOCTTY));
    const std::string text = TRY_IN(path, sys::read_all(file, oci::kMaxBytes));
    return TRY_IN(path, oci::parse_process(text));
}

bool names_notify_socket(const std::vector<std::string>& env) {
    return std::any_of(env.begin(), env.end(), [](const std::string& variable) {
        return variable.starts_with("NOTIFY_SOCKET=");
    });
}

// The order of things; each function is one of exec's phases.
class Executor {
public:
    Executor(const Globals& globals, const ExecRequest& request)
        : globals_(globals), request_(request), deadline_(deadline_of(globals)) {}

    Result<> find_container() {
        const ContainerId id = TRY(ContainerId::parse(request_.id));
        store_ = TRY(open_store(globals_));
        // Without its lock: probes must not wait for each other, and what they
        // rely on is proved by descriptors.
        auto record = TRY(store_->peek(id));
        if (!record)
            return Failure{Error{ENOENT, "container does not exist"}};
        record_ = *std::move(record);
        truth_ = TRY(state::ask(*store_, record_));
        if (truth_.status == state::Status::Stopped || !truth_.init)
            return fail("cannot exec in a stopped container");
        // Before it has executed its program, its memory is that of a process of
        // the host's, which the kernel lets only root enter the namespaces of.
        if (truth_.status == state::Status::Created && ::geteuid() != 0)
            return fail("cannot exec in a created container as a user: start it first");
        if (truth_.status == state::Status::Paused && !request_.ignore_paused)
            return fail("cannot exec in a paused container (use --ignore-paused to override)");
        lap("find the container");
        return {};
    }

    Result<> decide() {
        sub_cgroup_ = TRY(sub_cgroup(request_.cgroup));
        const ContainerId id = TRY(ContainerId::parse(request_.id));
        const std::string text = TRY(store_->load_config(id));
        oci::Config config = TRY_IN("config.json", oci::parse(text));
        if (!config.process)
            return fail("config.json: process: is missing");
        oci::Process base = *config.process;
        if (!request_.process_file.empty())
            base = inherit(TRY(read_process_file(request_.process_file)), base);
        config.process = TRY(apply_request(std::move(base), request_));
        TRY(oci::validate(config));
        // Those of config.json were said when the container was created.
        if (!request_.process_file.empty())
            for (const std::string& warning : oci::warnings(*config.process))
                log::warning(warning);
        TRY(check_labels(config));
        TRY(check_terminal(request_.detach, config.process->terminal, request_.console_socket));
        host::Facts facts;
        facts.last_capability = TRY(host::last_capability());
        host::read_identity(facts);
        plan::Request wanted;
        wanted.preserve_fds = request_.preserve_fds;
        wanted.new_keyring = !record_.keyring.empty();
        if (!record_.notify_socket.empty() && !names_notify_socket(request_.env))
            wanted.extra_env = {"NOTIFY_SOCKET=" + record_.notify_socket};
        plan_ = TRY(plan::make_exec(config, wanted, facts));
        plan_.keyring_name = record_.keyring;
        TRY(add_seccomp(globals_, config, plan_));
        lap("decide");
        return {};
    }

    Result<> open_outlets() {
        TRY(pid_file_.open(request_.pid_file));
        return sockets_.connect(request_.console_socket, request_.pidfd_socket);
    }

    // In its first instruction it is in the container's group.
    Result<> spawn() {
        TRY(hand_over_streams());
        const auto group = TRY(find_group(record_, deadline_));
        const Fd place = TRY(group ? open_place(group->fd) : place_outside());
        lap("find the cgroup");
        TRY(join_rdt_group());
        if (starts_at_once())
            TRY(begin_foreground());
        joiner_.emplace(TRY(spawn_in(place)));
        // The word is there when the process comes to it: nobody waits. Should
        // it be dead by now, its own words are still to be heard.
        if (starts_at_once()) [[maybe_unused]]
            const auto sent = joiner_->channel().send(wire::Message::Start);
        return {};
    }

    // Until the process is set up and waits for the word to execute.
    Result<> await_ready() {
        bool ready = false;
        Fd listener;
        while (!child_ || !ready) {
            if (child_ && listener) {
                TRY(tell_seccomp_agent(plan_, record_, state::to_string(truth_.status),
                                       record_.init.pid, child_->pid(), listener));
                TRY(child_->channel().send(wire::Message::Listening));
                listener.reset();
            }
            auto packet = listen(child_ ? child_->channel() : joiner_->channel());
            if (!packet)
                return failed(std::move(packet).error());
            if (packet->message == wire::Message::Joined && packet->fds.size() == 1) {
                TRY(meet_child(*packet));
            } else if (packet->message == wire::Message::Terminal && packet->fds.size() == 1) {
                TRY(sockets_.pass_terminal(std::move(packet->fds.front()), master_));
            } else if (packet->message == wire::Message::Listener && packet->fds.size() == 1) {
                listener = std::move(packet->fds.front());
            } else if (packet->message == wire::Message::Ready) {
                log_timings(packet->payload);
                ready = true;
            } else {
                return fail("the container's process spoke out of turn");
            }
        }
        lap("child ready");
        return {};
    }

    Result<int> execute() {
        TRY(pid_file_.write(child_->pid()));
        ScopeExit forget_pid{[&] { pid_file_.remove(); }};
        TRY(sockets_.pass_pidfd("setns", child_->pidfd()));
        wire::Channel& channel = child_->channel();
        if (!starts_at_once()) {
            TRY(begin_foreground());
            TRY(channel.send(wire::Message::Start));
        }
        // Silence is consent: the descriptor closes when the program is executed.
        // A pause may have taken all of the first one.
        if (auto executed = await_execution(channel, deadline_of(globals_)); !executed) {
            executed.error().bare = false;
            return Failure{std::move(executed).error().in("unable to start container process")};
        }
        channel.close();
        forget_pid.dismiss();
        child_->release();
        lap("execute");
        if (!foreground_)
            return 0;
        return foreground_->wait(*child_, std::move(master_));
    }

private:
    // Without anything to be done between the set-up and the program.
    bool starts_at_once() const {
        return !pid_file_.is_wanted() && !sockets_.has_pidfd() && !plan_.process.terminal &&
               plan_.seccomp_agent.empty() && truth_.status != state::Status::Paused;
    }

    Result<> begin_foreground() {
        if (!request_.detach)
            foreground_.emplace(TRY(Foreground::begin()));
        return {};
    }

    // What is cloned from here on is in it from its first instruction. One that
    // somebody has removed holds none of the container's processes any more.
    Result<> join_rdt_group() const {
        if (record_.rdt_group.empty())
            return {};
        const auto root = resctrl::open();
        auto joined = root ? resctrl::join(*root, record_.rdt_group) : Failure{root.error()};
        if (!joined && joined.error().code != ENOENT)
            return Failure{std::move(joined).error().in("linux.intelRdt")};
        return {};
    }

    Result<launch::Child> spawn_in(const Fd& place) {
        auto joiner = launch::spawn_joiner(plan_, truth_.init, &place);
        if (joiner)
            return joiner;
        if (joiner.error().code == EACCES && !sys::owns_machine())
            return spawn_attached();
        if (joiner.error().code != EBUSY)
            return Failure{std::move(joiner).error().in("unable to start container process")};
        if (!sub_cgroup_.empty())
            return Failure{
                std::move(joiner).error().in("error adding pid of the process to cgroups")};
        const Fd other = TRY(group_of_init());
        return TRY_IN("unable to start container process",
                      launch::spawn_joiner(plan_, truth_.init, &other));
    }

    // What is above the group we are in and the container's is root's where a
    // user calls from a session: the manager gets root's to move the process.
    Result<launch::Child> spawn_attached() {
        plan_.is_attached = true;
        launch::Child joiner =
            TRY_IN("unable to start container process", launch::spawn_joiner(plan_, truth_.init));
        systemd::Manager manager = TRY(systemd::Manager::connect(deadline_));
        TRY_IN("error adding pid of the process to cgroups",
               manager.attach(record_.unit, sub_cgroup_, joiner.pid()));
        TRY(joiner.channel().send(wire::Message::InCgroup));
        lap("attach to the unit");
        return joiner;
    }

    // From inside a user namespace nobody can give away what is ours.
    Result<> hand_over_streams() const {
        if ((plan_.enter_namespaces & CLONE_NEWUSER) == 0 || plan_.process.terminal)
            return {};
        const sys::IdMaps maps = TRY(sys::read_id_maps(record_.init.pid));
        // Read by pid: these are its maps only if it is still there.
        const bool ended = TRY(sys::wait_ended(truth_.init, 0));
        if (ended)
            return fail("cannot exec in a stopped container");
        if (const auto uid = sys::to_outside(maps.uids, plan_.process.uid))
            sys::hand_over_streams(*uid);
        return {};
    }

    Result<> meet_child(wire::Packet& joined) {
        const auto pid = text::parse_int<pid_t>(joined.payload);
        if (!pid || child_)
            return fail("the joining process spoke out of turn");
        child_.emplace(launch::replace_joiner(*joiner_, *pid, std::move(joined.fds.front())));
        return {};
    }

    // Of two processes one may fail before the other has said that there are
    // two: both are to be reaped.
    Failure failed(Error error) {
        int ended = error.code;
        while (!child_ && ended != EPIPE && ended != ETIMEDOUT) {
            auto packet = hear(joiner_->channel(), deadline_);
            ended = packet ? 0 : packet.error().code;
            if (packet && packet->message == wire::Message::Joined && packet->fds.size() == 1)
                [[maybe_unused]]
                const auto met = meet_child(*packet);
        }
        return Failure{std::move(error)};
    }

    Result<Fd> open_place(const Fd& group) const {
        constexpr uint64_t kBelow = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
        const std::string path = sub_cgroup_.size() > 1 ? sub_cgroup_.substr(1) : ".";
        return TRY_IN("--cgroup '" + sub_cgroup_ + "': open cgroup",
                      sys::open_below(group, path, O_PATH | O_DIRECTORY, kBelow));
    }

    // The unit is gone, its first process is not: it has left for a group that
    // it may write, and is the only one who knows where. An exec goes where the
    // container's processes are, as in runc.
    Result<Fd> place_outside() const {
        if (!sub_cgroup_.empty())
            return fail("--cgroup '" + sub_cgroup_ + "': the container has left its unit");
        const std::string path = TRY(cgroup_of_init());
        log::debug("the container has left its unit for cgroup '" + path + "'");
        return cgroup::open(path);
    }

    Result<std::string> cgroup_of_init() const {
        const sys::Procfs proc = TRY(sys::Procfs::host());
        std::string path = TRY(sys::cgroup_of(proc, record_.init.pid));
        // Read by pid: it is this process's only if that is still there.
        const bool ended = TRY(sys::wait_ended(truth_.init, 0));
        if (ended)
            return fail("cannot exec in a stopped container");
        return path;
    }

    // A container that runs systemd or docker has sorted itself into groups
    // below its own and takes processes only there.
    Result<Fd> group_of_init() const {
        const std::string path = TRY(cgroup_of_init());
        if (!path.starts_with(record_.cgroup + "/"))
            return fail("cgroup '" + record_.cgroup +
                        "' takes no processes, and the container's "
                        "first process is not below it");
        return cgroup::open(path);
    }

    // A frozen container answers when it is thawed, however long that takes.
    Result<wire::Packet> listen(const wire::Channel& channel) const {
        for (;;) {
            auto packet = hear(channel, deadline_);
            if (packet || packet.error().code != ETIMEDOUT ||
                truth_.status != state::Status::Paused)
                return packet;
        }
    }

    void lap(const char* name) { laps_.lap(name); }

    const Globals& globals_;
    const ExecRequest& request_;
    Deadline deadline_;
    std::optional<state::Store> store_;
    state::Record record_;
    state::Truth truth_;
    std::string sub_cgroup_;
    plan::InitPlan plan_;
    EngineSockets sockets_;
    PidFile pid_file_;
    Fd master_;
    std::optional<Foreground> foreground_;
    std::optional<launch::Child> joiner_;
    std::optional<launch::Child> child_;
    Laps laps_;
};

}  // namespace

Result<int> exec(const Globals& globals, const ExecRequest& request) {
    Executor executor{globals, request};
    TRY(executor.find_container());
    TRY(executor.decide());
    TRY(executor.open_outlets());
    // From here on there is a process; what is not started is ended.
    TRY(executor.spawn());
    TRY(executor.await_ready());
    return executor.execute();
}

}  // namespace unitc::ops
