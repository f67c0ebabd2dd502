// SPDX-License-Identifier: Apache-2.0
// unitc run --unit=service, the caller's half: asks for the unit, hears what
// came of it, and undoes all of it if that is nothing.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>

#include "base/log.hpp"
#include "cgroup/victims.hpp"
#include "ops/conversation.hpp"
#include "ops/creation.hpp"
#include "ops/engine_sockets.hpp"
#include "ops/foreground.hpp"
#include "ops/locate.hpp"
#include "ops/pid_file.hpp"
#include "ops/removal.hpp"
#include "ops/service.hpp"
#include "sys/file.hpp"
#include "sys/process.hpp"
#include "sys/socket.hpp"
#include "systemd/manager.hpp"

namespace unitc::ops {
namespace {

// Of words that systemd looks for variables in.
std::string escaped(std::string_view word) {
    std::string text;
    for (const char c : word)
        text.append(c == '$' ? "$$" : std::string(1, c));
    return text;
}

const char* word_of(Registration registration) {
    return registration == Registration::Yes  ? "yes"
           : registration == Registration::No ? "no"
                                              : "auto";
}

class ServiceCall {
public:
    ServiceCall(const Globals& globals, const CreateRequest& request, const Prepared& prepared,
                Deadline deadline)
        : globals_(globals), request_(request), prepared_(prepared), deadline_(deadline) {}
    ServiceCall(const ServiceCall&) = delete;
    ServiceCall& operator=(const ServiceCall&) = delete;
    ~ServiceCall();

    Result<> open_outlets() {
        program_ = TRY(find_program(request_.program));
        TRY(pid_file_.open(request_.pid_file));
        return sockets_.connect(request_.console_socket, request_.pidfd_socket);
    }

    Result<> claim();
    Result<> start();
    Result<> converse();
    Result<> await_start();
    Result<int> stay(Foreground foreground);

private:
    Result<std::optional<int>> exit_status();
    unit::Properties own_properties() const;
    std::vector<std::string> command() const;
    Result<> meet_service();
    Result<wire::Packet> hear_service();
    Result<> find_out();
    Result<> take_init(wire::Packet packet);
    Failure no_word();

    const Globals& globals_;
    const CreateRequest& request_;
    const Prepared& prepared_;
    Deadline deadline_;
    std::string program_;
    PidFile pid_file_;
    EngineSockets sockets_;
    state::Record record_;
    bool claimed_ = false;
    bool asked_ = false;
    bool kept_ = false;
    Fd listener_;
    std::optional<systemd::Manager> manager_;
    std::optional<wire::Channel> channel_;
    Fd nothing_;  // /dev/null
    Fd init_;
    wire::Channel init_channel_;
    Fd master_;
};

ServiceCall::~ServiceCall() {
    if (!claimed_ || kept_)
        return;
    if (const auto undone = remove_service(globals_, record_, asked_); !undone)
        log::warning("unit '" + record_.unit +
                     "' of the failed container may be left: " + undone.error().message);
    if (init_)
        pid_file_.remove();
}

Result<> ServiceCall::claim() {
    const ContainerId id = TRY(ContainerId::parse(prepared_.plan.id));
    state::Store store = TRY(state::Store::open(globals_.root, state::Store::Make::Yes));
    record_ = make_record(prepared_);
    record_.home = globals_.root + "/" + id.str();
    state::Entry entry = TRY(store.claim(id));
    claimed_ = true;
    // Before the unit can exist: whoever finds it knows what to clean.
    TRY(entry.save(record_));
    TRY(entry.save_config(prepared_.config_text));
    listener_ = TRY(sys::listen_unix_at(entry.dir(), state::kCallerSocket, SOCK_SEQPACKET, 0600));
    return {};  // the lock is the service's now
}

std::vector<std::string> ServiceCall::command() const {
    std::vector<std::string> words{escaped(program_), "--root", escaped(globals_.root), "--timeout",
                                   std::to_string(std::max(1, globals_.deadline_ms / 1000))};
    if (globals_.debug)
        words.emplace_back("--debug");
    words.emplace_back("start-service");
    if (request_.no_pivot)
        words.emplace_back("--no-pivot");
    words.push_back(std::string{"--register="} + word_of(prepared_.registration));
    words.insert(words.end(), {"--", record_.id});
    return words;
}

unit::Properties ServiceCall::own_properties() const {
    unit::Properties properties{{"ExecStart", unit::Command{program_, command()}},
                                {"WorkingDirectory", record_.home}};
    // What came of it is not forgotten before it was asked for.
    if (!request_.detach)
        properties.push_back({"AddRef", true});
    // A terminal of its own is its standard streams.
    if (prepared_.config.process->terminal)
        return properties;
    // systemd resets a terminal that it gives to a service, and a program in
    // the background has no business to read from the user's.
    const bool keep_input = !request_.detach || ::isatty(STDIN_FILENO) == 0;
    properties.push_back({"StandardInputFileDescriptor",
                          unit::Descriptor{keep_input ? STDIN_FILENO : nothing_.get()}});
    if (prepared_.output == Output::Journal)
        return properties;  // the plan says where
    properties.push_back({"StandardOutputFileDescriptor", unit::Descriptor{STDOUT_FILENO}});
    properties.push_back({"StandardErrorFileDescriptor", unit::Descriptor{STDERR_FILENO}});
    return properties;
}

Result<> ServiceCall::start() {
    nothing_ = TRY(sys::open_at(AT_FDCWD, "/dev/null", O_RDONLY));
    manager_ = TRY(systemd::Manager::connect(deadline_));
    auto started = manager_->start_service(prepared_.plan.unit, own_properties());
    // A refusal has no code: nothing of ours is there then.
    asked_ = started || started.error().code != 0;
    return started;
}

// It could not be executed, or was killed.
Failure ServiceCall::no_word() {
    std::string how;
    if (const auto state = manager_->unit_state(record_.unit); state && state->loaded)
        how = ": it is " + state->active_state + " (" + state->result + ", status " +
              std::to_string(state->main_status) + ")";
    return fail("unit '" + record_.unit + "' has ended before the container's program began" + how);
}

Result<> ServiceCall::meet_service() {
    const auto news = TRY(manager_->await_service(&listener_, deadline_));
    if (news == systemd::ServiceNews::Late)
        return fail_code(ETIMEDOUT, "wait for unit '" + record_.unit + "'");
    if (news != systemd::ServiceNews::Word)
        return no_word();
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0)
        return fail_sys("accept4");
    channel_.emplace(Fd{fd});
    return {};
}

// From its channel alone: a program can be ready, or have ended, for systemd
// before the unitc beside it has said that it began. The channel ends with that.
Result<wire::Packet> ServiceCall::hear_service() {
    if (!channel_)
        TRY(meet_service());
    return receive_by(*channel_, deadline_);
}

// PID 1 kills what is beside a program that has ended, so also the unitc that
// would have told what came of its start. SIGKILL is how a process ends whose
// unitc was killed before that.
Result<> ServiceCall::find_out() {
    TRY_IN("unable to start container process", await_execution(init_channel_, deadline_));
    constexpr int kKilled = 2;  // CLD_KILLED
    const auto state = TRY(manager_->unit_state(record_.unit));
    const bool ended = state.main_code != 0 || !state.loaded;
    if (!ended || (state.main_code == kKilled && state.main_status == SIGKILL))
        return no_word();
    return {};
}

Result<> ServiceCall::take_init(wire::Packet packet) {
    init_ = std::move(packet.fds.front());
    init_channel_ = wire::Channel{std::move(packet.fds.back())};
    const auto store = TRY(open_store(globals_));
    const ContainerId id = TRY(ContainerId::parse(record_.id));
    const auto record = TRY(store.peek(id));
    if (!record || record->created != record_.created)
        return fail("container '" + record_.id + "' was deleted meanwhile");
    record_ = *record;
    TRY(pid_file_.write(record_.init.pid));
    TRY(sockets_.pass_pidfd("standard", init_));
    return channel_->send(wire::Message::Start);
}

Result<> ServiceCall::converse() {
    for (;;) {
        auto heard = hear_service();
        if (!heard && heard.error().code == EPIPE)
            return init_ ? find_out() : no_word();
        wire::Packet packet = TRY(std::move(heard));
        if (packet.message == wire::Message::Detached)
            return {};
        if (packet.message == wire::Message::Terminal && packet.fds.size() == 1)
            TRY(sockets_.pass_terminal(std::move(packet.fds.front()), master_));
        else if (packet.message != wire::Message::Ready || packet.fds.size() != 2)
            return fail("the container's service spoke out of turn");
        else if (auto taken = take_init(std::move(packet)); !taken) {
            // Or it would go on without us.
            [[maybe_unused]] const auto told = channel_->send_failure(taken.error());
            return taken;
        }
    }
}

// PID 1's to know: the process is its child.
Result<std::optional<int>> ServiceCall::exit_status() {
    constexpr int kPatienceMs = 5000;
    constexpr int kExited = 1;  // CLD_EXITED
    const bool ended = TRY(sys::wait_ended(init_, 0));
    if (!ended)
        return std::nullopt;
    Pauses pauses;
    for (const Deadline until = Deadline::in_ms(kPatienceMs); !until.passed();) {
        const auto state = TRY(manager_->unit_state(record_.unit));
        if (state.main_code != 0)
            return state.main_code == kExited ? state.main_status : 128 + state.main_status;
        if (!state.loaded)
            break;
        ::usleep(static_cast<useconds_t>(pauses.next_us()));
    }
    return fail("unit '" + record_.unit + "' does not tell the container's exit status");
}

Result<int> ServiceCall::stay(Foreground foreground) {
    channel_->close();
    init_channel_.close();
    kept_ = true;
    const auto log = cgroup::VictimLog::begin(record_.cgroup);
    const int status = TRY(foreground.wait(
        init_, [this] { return exit_status(); }, std::move(master_)));
    warn_of_victims(log);
    if (request_.keep)
        return status;
    // The container's own status is what the caller asked for, come what may.
    if (auto removed = remove_recorded(globals_, record_); !removed)
        log::warning(removed.error().message);
    return status;
}

// Nothing of ours is left in the unit then. Of a program that speaks for itself
// it is the READY that is waited for; the others' word is given already.
Result<> ServiceCall::await_start() {
    channel_->close();
    const bool speaks = speaks_to_manager(prepared_.config);
    const auto news = TRY(manager_->await_service(nullptr, deadline_));
    if (speaks && news == systemd::ServiceNews::Late)
        return fail_code(ETIMEDOUT, "wait for the READY of unit '" + record_.unit + "'");
    if (speaks && news == systemd::ServiceNews::Ended)
        return fail("unit '" + record_.unit + "' has ended before its program was ready");
    kept_ = true;
    return {};
}

}  // namespace

Result<int> run_service(const Globals& globals, const CreateRequest& request,
                        const Prepared& prepared, Deadline deadline) {
    TRY(check_service(request, prepared));
    warn_of(prepared);
    ServiceCall call{globals, request, prepared, deadline};
    TRY(call.open_outlets());
    // From here on the world changes.
    TRY(call.claim());
    TRY(call.start());
    std::optional<Foreground> foreground;
    if (!request.detach)
        foreground.emplace(TRY(Foreground::begin()));
    TRY(call.converse());
    if (foreground)
        return call.stay(*std::move(foreground));
    TRY(call.await_start());
    return 0;
}

}  // namespace unitc::ops
