// SPDX-License-Identifier: Apache-2.0
// What callers ask for. Reading is answered at once; a change is checked, then
// allowed by polkit or refused, then done by a worker.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/log.hpp"
#include "base/text.hpp"
#include "daemon/object_path.hpp"
#include "daemon/service.hpp"
#include "daemon/update.hpp"
#include "sys/file.hpp"

namespace unitc::daemon {
namespace {

constexpr const char* kInvalid = "org.freedesktop.DBus.Error.InvalidArgs";
constexpr const char* kDenied = "org.freedesktop.DBus.Error.AccessDenied";
constexpr const char* kExceeded = "org.freedesktop.DBus.Error.LimitsExceeded";
constexpr const char* kNotInteractive =
    "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired";
constexpr const char* kUnknown = "org.unitc1.NoSuchContainer";
constexpr const char* kAction = "org.unitc1.manage-containers";

// Each is a process of ours, or a question that somebody has to answer. By user
// and not by connection: a user can have many, and must not be in root's way.
constexpr unsigned kMostPendingOfRoot = 64;
constexpr unsigned kMostPendingOfUser = 8;
constexpr size_t kMostSubscribers = 1024;
constexpr uint64_t kLongestStopUs = 3'600'000'000;

const char* error_name(int code) {
    switch (code) {
        case ENOENT: return kUnknown;
        case ESRCH: return "org.unitc1.NotRunning";
        case EBUSY: return "org.unitc1.Busy";
        case ETIMEDOUT: return "org.freedesktop.DBus.Error.Timeout";
        case EINVAL: return kInvalid;
        default: return "org.freedesktop.DBus.Error.Failed";
    }
}

void fail_with(Call& call, const Error& error) {
    call.fail(error_name(error.code), text::printable(error.message));
}

// `unitc update` reads a document; this one is a file in memory.
Result<> update_by(const ops::Globals& globals, const std::string& id,
                   const std::string& document) {
    const Fd file{::memfd_create("resources", MFD_CLOEXEC)};
    if (!file)
        return fail_sys("memfd_create");
    TRY(sys::write_all(file, document));
    if (::lseek(file.get(), 0, SEEK_SET) < 0 || ::dup2(file.get(), STDIN_FILENO) < 0)
        return fail_sys("dup2");
    ops::UpdateRequest request{};
    request.id = id;
    request.resources = "-";
    return ops::update(globals, request);
}

Result<Workers::Verb> kill_verb(const ops::Globals& globals, const std::string& id,
                                const Values& arguments) {
    const int32_t signal = std::get<int32_t>(arguments.at(0));
    if (signal < 1 || signal > SIGRTMAX)
        return Failure{Error{EINVAL, "signal is " + std::to_string(signal) + ", must be 1 to " +
                                         std::to_string(SIGRTMAX)}};
    return [=] { return ops::kill(globals, id, std::to_string(signal), false); };
}

Result<Workers::Verb> stop_verb(const ops::Globals& globals, const std::string& id,
                                const Values& arguments) {
    const uint64_t timeout_us = std::get<uint64_t>(arguments.at(0));
    if (timeout_us > kLongestStopUs)
        return Failure{Error{EINVAL, "timeout_usec is " + std::to_string(timeout_us) +
                                         ", must be at most " + std::to_string(kLongestStopUs)}};
    const int timeout_ms = static_cast<int>((timeout_us + 999) / 1000);
    return [=] { return ops::stop(globals, id, timeout_ms); };
}

Result<Workers::Verb> freeze_verb(const ops::Globals& globals, const std::string& id,
                                  const Values&) {
    return [=] { return ops::pause(globals, id); };
}

Result<Workers::Verb> thaw_verb(const ops::Globals& globals, const std::string& id, const Values&) {
    return [=] { return ops::resume(globals, id); };
}

Result<Workers::Verb> update_verb(const ops::Globals& globals, const std::string& id,
                                  const Values& arguments) {
    const auto document = TRY(resources_of(std::get<Settings>(arguments.at(0))));
    return [=] { return update_by(globals, id, document); };
}

// Arguments are checked here, before anybody is asked for a password.
struct Verb {
    std::string_view method;
    Result<Workers::Verb> (*make)(const ops::Globals& globals, const std::string& id,
                                  const Values& arguments);
};
constexpr Verb kVerbs[] = {
    {"Kill", kill_verb}, {"Stop", stop_verb},     {"Freeze", freeze_verb},
    {"Thaw", thaw_verb}, {"Update", update_verb},
};

}  // namespace

void Service::manager_call(const Method& method, Call call) {
    const std::string_view name = method.name;
    if (name == "List")
        list(std::move(call));
    else if (name == "Get")
        get(std::move(call));
    else if (name == "Subscribe")
        subscribe(std::move(call));
    else
        unsubscribe(std::move(call));
}

void Service::list(Call call) {
    ListRows rows;
    for (const auto& [id, tracked] : containers_) {
        const Snapshot& c = tracked->snapshot;
        rows.push_back({c.id, state::to_string(c.status), c.pid, c.unit,
                        ObjectPath{container_path(*ContainerId::parse(id))}});
    }
    call.reply({std::move(rows)});
}

void Service::get(Call call) {
    const std::string name = std::get<std::string>(call.arguments().at(0));
    const auto id = ContainerId::parse(name);
    if (!id)
        return call.fail(kInvalid, id.error().message);
    if (!containers_.contains(name))
        return call.fail(kUnknown, "container '" + name + "' does not exist");
    call.reply({ObjectPath{container_path(*id)}});
}

// As systemd's own manager has it: who wants signals says so, and is not left
// alone while it stays on the bus.
void Service::subscribe(Call call) {
    if (subscribers_.size() >= kMostSubscribers)
        return call.fail(kExceeded,
                         "there are " + std::to_string(kMostSubscribers) + " subscribers already");
    if (subscribers_.empty())
        if (const auto watched =
                bus_.watch_leavers([this](const std::string& name) { leave(name); });
            !watched)
            return fail_with(call, watched.error());
    // Whoever has left before it was watched for is nobody the bus can name.
    if (!call.uid())
        return call.fail(kDenied, "the caller has left");
    subscribers_.insert(call.sender());
    call.reply();
}

void Service::unsubscribe(Call call) {
    if (!subscribers_.contains(call.sender()))
        return call.fail("org.unitc1.NotSubscribed", "the caller has not subscribed");
    leave(call.sender());
    call.reply();
}

void Service::leave(const std::string& name) {
    subscribers_.erase(name);
}

void Service::container_call(const std::string& id, const Method& method, Call call) {
    for (const Verb& verb : kVerbs) {
        if (verb.method != method.name)
            continue;
        auto work = verb.make(globals_, id, call.arguments());
        if (!work)
            return fail_with(call, work.error());
        return change_container(id, method.name, *std::move(work), std::move(call));
    }
    call.fail("org.freedesktop.DBus.Error.UnknownMethod", "unknown method");
}

void Service::change_container(const std::string& id, const char* verb, Workers::Verb work,
                               Call call) {
    const auto uid = call.uid();
    if (!uid)
        return call.fail(kDenied, "the caller has left");
    if (pending_[*uid] >= (*uid == 0 ? kMostPendingOfRoot : kMostPendingOfUser))
        return call.fail(kExceeded, "too many changes are under way; wait for some to end");
    ++pending_[*uid];
    Change change{*uid, std::move(work), std::make_shared<Call>(std::move(call))};
    if (*uid == 0)
        return begin_work(change);
    const Call& asker = *change.call;
    bus_.authorize(asker, kAction, id, verb,
                   [this, change](Verdict verdict) { authorized(verdict, change); });
}

// By value: with the question goes what it has captured, `change` as well.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
void Service::authorized(Verdict verdict, Change change) {
    if (verdict == Verdict::Yes)
        return begin_work(change);
    end_change(change);
    Call& call = *change.call;
    switch (verdict) {
        case Verdict::Challenge:
            return call.fail(kNotInteractive, "interactive authentication required");
        case Verdict::Absent:
            return call.fail(kDenied, "permission denied: only root may do this without polkit");
        default: return call.fail(kDenied, "permission denied by polkit");
    }
}

void Service::begin_work(const Change& change) {
    const auto begun = workers_.run(change.work, [this, change](const Result<>& outcome) {
        end_change(change);
        if (outcome)
            change.call->reply();
        else
            fail_with(*change.call, outcome.error());
    });
    if (begun)
        return;
    end_change(change);
    fail_with(*change.call, begun.error());
}

void Service::end_change(const Change& change) {
    called();
    if (--pending_[change.uid] == 0)
        pending_.erase(change.uid);
}

Result<> Service::serve() {
    // So many, then the others get their turn; the bus's timeout is 0 then.
    constexpr int kAtOnce = 64;
    for (int i = 0; i < kAtOnce; ++i) {
        const bool more = TRY(bus_.process());
        if (!more)
            break;
    }
    // Not from within its own callback.
    if (subscribers_.empty())
        bus_.forget_leavers();
    return {};
}

bool Service::idle() const {
    return pending_.empty() && subscribers_.empty();
}

}  // namespace unitc::daemon
