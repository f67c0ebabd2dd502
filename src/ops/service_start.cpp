// SPDX-License-Identifier: Apache-2.0
// The container's half of `run --unit=service`: PID 1 executes it in the unit,
// the first time and whenever it starts the unit again.
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>

#include "base/log.hpp"
#include "cgroup/cgroup.hpp"
#include "notify/manager.hpp"
#include "ops/conversation.hpp"
#include "ops/creation.hpp"
#include "ops/ending.hpp"
#include "ops/hooks.hpp"
#include "ops/locate.hpp"
#include "ops/ops.hpp"
#include "ops/prepare.hpp"
#include "state/status.hpp"
#include "sys/procfs.hpp"
#include "sys/socket.hpp"

namespace unitc::ops {
namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

// Nobody but PID 1, in the unit of the record.
Result<> find_own_unit(state::Record& record) {
    const sys::Procfs proc = TRY(sys::Procfs::host());
    const std::string path = TRY(sys::cgroup_of(proc, "self"));
    const std::string invocation = environment("INVOCATION_ID");
    if (::getppid() != 1 || invocation.empty() || record.home.empty() ||
        !path.ends_with("/" + record.unit))
        return fail("start-service: only the service manager may, in the container's own unit");
    const Fd group = TRY(cgroup::open(path));
    const std::string mark = cgroup::invocation_id(group);
    if (!mark.empty() && mark != invocation)
        return fail("start-service: the cgroup '" + path + "' is of another invocation");
    record.cgroup = path;
    record.invocation_id = invocation;
    return {};
}

// What an earlier start of the unit has left.
Result<> end_former(const state::Entry& entry, const state::Record& record) {
    if (record.phase == state::Phase::Deleting)
        return fail("the container is being deleted");
    const state::Truth truth = TRY(state::ask(entry, record));
    if (truth.status != state::Status::Stopped)
        return fail("container '" + record.id + "' is " + state::to_string(truth.status) +
                    " already");
    if (record.invocation_id.empty())
        return {};
    TRY(remove_rdt_group(record));
    run_poststop_hooks(record);
    return {};
}

// The manager's start ends us as soon as the program has ended. What came of it
// is still to be told.
void finish_undisturbed() {
    sigset_t all;
    sigfillset(&all);
    ::sigprocmask(SIG_BLOCK, &all, nullptr);
}

class ServiceStart {
public:
    ServiceStart(const Globals& globals, const CreateRequest& request)
        : globals_(globals), request_(request), deadline_(deadline_of(globals)) {}

    Result<> make() {
        state::Entry entry = TRY(find_entry(globals_, request_.id, deadline_));
        if (auto caller = sys::connect_unix_at(entry.dir(), state::kCallerSocket, SOCK_SEQPACKET))
            caller_.emplace(*std::move(caller));
        state::Record record = TRY(entry.load());
        const state::Record former = record;
        TRY(find_own_unit(record));
        TRY(end_former(entry, former));
        const state::Store store = TRY(open_store(globals_));
        std::string config = TRY(store.load_config(entry.id()));
        Prepared prepared = TRY(prepare_within(globals_, request_, record, std::move(config)));
        const Turn turn = former.invocation_id.empty() ? Turn::First : Turn::Again;
        creation_.emplace(TRY(make_container_within(request_, std::move(prepared), std::move(entry),
                                                    record, turn, deadline_)));
        return {};
    }

    Result<> execute() {
        launch::Child& init = creation_->child();
        finish_undisturbed();
        notify::Manager manager = TRY(notify::Manager::connect(request_.notify_socket));
        // While it waits: of one that has ended PID 1 would not hear.
        TRY(manager.announce_main(init.pid(), init.pidfd()));
        TRY(consult_caller());
        TRY(execute_program(init.channel(), deadline_));
        const state::Record record = creation_->record();
        creation_->keep();
        if (auto done = run_poststart_hooks(record, deadline_); !done) {
            // The rest of the unit ends with its main process.
            [[maybe_unused]] const auto killed = sys::send_signal(init.pidfd(), SIGKILL);
            return done;
        }
        return {};
    }

    // What came of it, as our exit status.
    Result<int> tell(Result<> done) {
        if (!done)
            creation_.reset();
        if (!caller_)
            return done ? Result<int>{0} : Failure{std::move(done).error()};
        [[maybe_unused]] const auto told =
            done ? caller_->send(wire::Message::Detached) : caller_->send_failure(done.error());
        return done ? 0 : 1;
    }

private:
    Result<> consult_caller() {
        if (!caller_)
            return {};
        launch::Child& init = creation_->child();
        Result<> asked;
        if (creation_->master())
            asked = caller_->send(wire::Message::Terminal, {}, {creation_->master().get()});
        if (asked)
            asked = caller_->send(wire::Message::Ready, {},
                                  {init.pidfd().get(), init.channel().fd().get()});
        Result<wire::Packet> word =
            asked ? receive_by(*caller_, deadline_) : Failure{asked.error()};
        if (word)
            return {};
        // One that fails says so; one that was killed holds nothing up.
        if (word.error().code != EPIPE && word.error().code != ECONNRESET)
            return Failure{std::move(word).error()};
        caller_.reset();
        return {};
    }

    const Globals& globals_;
    const CreateRequest& request_;
    Deadline deadline_;
    std::optional<wire::Channel> caller_;
    std::optional<Creation> creation_;
};

}  // namespace

Result<int> start_service(const Globals& globals, const CreateRequest& request) {
    ServiceStart start{globals, request};
    auto done = start.make();
    if (done)
        done = start.execute();
    return start.tell(std::move(done));
}

}  // namespace unitc::ops
