// SPDX-License-Identifier: Apache-2.0
#include "hooks/run.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "base/text.hpp"
#include "sys/file.hpp"
#include "sys/process.hpp"

namespace unitc::hooks {
namespace {

constexpr size_t kPipeSize = 65536;  // pipe(7)
// Of each of a hook's two outputs; the error must fit into one packet.
constexpr size_t kKeptOutput = size_t{8} << 10;

struct Pipe {
    Fd reader;
    Fd writer;
};

Result<Pipe> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) < 0)
        return fail_sys("pipe2");
    return Pipe{Fd{ends[0]}, Fd{ends[1]}};
}

Result<> dont_block(const Fd& fd) {
    if (::fcntl(fd.get(), F_SETFL, O_NONBLOCK) < 0)
        return fail_sys("fcntl F_SETFL");
    return {};
}

// The whole text waits in the pipe before the hook exists: one that does not
// read it holds nobody up.
Result<Fd> filled_pipe(std::string_view text) {
    Pipe pipe = TRY(make_pipe());
    if (text.size() > kPipeSize &&
        ::fcntl(pipe.writer.get(), F_SETPIPE_SZ, static_cast<int>(text.size())) < 0)
        return fail_sys("fcntl F_SETPIPE_SZ");
    TRY(dont_block(pipe.writer));
    TRY(sys::write_all(pipe.writer, text));
    return std::move(pipe.reader);
}

// All that fork's child needs, made before: after it no memory is asked for.
struct Program {
    const char* path = nullptr;
    std::vector<char*> argv;
    std::vector<char*> envp;
    int directory = -1;
    int streams[3] = {-1, -1, -1};
    int problem = -1;  // where the errno of a failed execve goes
};

[[noreturn]] void become_hook(const Program& program, pid_t parent) {
    const auto give_up = [&] {
        const int code = errno;
        [[maybe_unused]] const auto told = ::write(program.problem, &code, sizeof code);
        ::_exit(127);
    };
    // A hook must not outlive who waits for it; what it leaves in the
    // background on purpose may.
    if (!sys::reset_signals() || ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ||
        ::getppid() != parent || ::setsid() < 0)
        give_up();
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd)
        if (::dup2(program.streams[fd], fd) < 0)
            give_up();
    // Nothing of ours, nothing of the caller's.
    if (::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
        give_up();
    if (program.directory >= 0 && ::fchdir(program.directory) < 0)
        give_up();
    ::execve(program.path, program.argv.data(), program.envp.data());
    give_up();
    ::_exit(127);
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
    std::vector<char*> list;
    list.reserve(strings.size() + 1);
    for (const std::string& string : strings)
        list.push_back(const_cast<char*>(string.c_str()));  // execve only reads them
    list.push_back(nullptr);
    return list;
}

// The output so far; the rest of a flood is read and dropped.
struct Output {
    Fd reader;
    std::string text;

    void take() {
        char buffer[4096];
        for (;;) {
            const ssize_t got =
                sys::retry_eintr([&] { return ::read(reader.get(), buffer, sizeof buffer); });
            if (got == 0)
                reader.reset();
            if (got <= 0)
                return;
            const size_t room = kKeptOutput - text.size();
            text.append(buffer, std::min(static_cast<size_t>(got), room));
        }
    }
};

// A hook that runs: killed with its whole process group and reaped at the end
// unless it has ended by itself.
class Running {
public:
    Running(pid_t pid, Fd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() {
        if (ended_)
            return;
        ::kill(-pid_, SIGKILL);
        ::kill(pid_, SIGKILL);  // it may not have its own group yet
        [[maybe_unused]] const auto reaped = reap();
    }

    const Fd& pidfd() const { return pidfd_; }

    // By pid: it is our child, and nobody else reaps it.
    Result<int> reap() {
        int status = 0;
        if (sys::retry_eintr([&] { return ::waitpid(pid_, &status, __WALL); }) < 0)
            return fail_sys("waitpid");
        ended_ = true;
        return status;
    }

private:
    pid_t pid_;
    Fd pidfd_;
    bool ended_ = false;
};

// False: the time is over.
Result<bool> follow(const Running& hook, Output& out, Output& err,
                    const std::optional<Deadline>& deadline) {
    for (;;) {
        pollfd polled[] = {{hook.pidfd().get(), POLLIN, 0},
                           {out.reader.get(), POLLIN, 0},
                           {err.reader.get(), POLLIN, 0}};
        const int limit = deadline ? deadline->left_ms() : -1;
        const int ready = sys::retry_eintr([&] { return ::poll(polled, 3, limit); });
        if (ready < 0)
            return fail_sys("poll");
        if (ready == 0 && deadline && deadline->passed())
            return false;
        for (Output* output : {&out, &err})
            if (output->reader)
                output->take();
        if ((polled[0].revents & POLLIN) != 0)
            return true;
    }
}

// In the words of Go's exec package, which engines know from runc.
std::string describe(int status) {
    if (WIFEXITED(status))
        return "exit status " + std::to_string(WEXITSTATUS(status));
    std::string name = ::strsignal(WTERMSIG(status));
    name.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(name.front())));
    return "signal: " + name + (WCOREDUMP(status) ? " (core dumped)" : "");
}

std::string seconds(int64_t number) {
    return std::to_string(number) + ".0s";
}

// 0 once the program is executed, else why it was not.
int exec_problem(const Fd& reader) {
    int code = 0;
    const ssize_t got = sys::retry_eintr([&] { return ::read(reader.get(), &code, sizeof code); });
    return got == static_cast<ssize_t>(sizeof code) ? code : 0;
}

Result<> run_hook(const oci::Hook& hook, const Setting& setting, std::string_view state) {
    const Fd input = TRY(filled_pipe(state));
    Pipe out = TRY(make_pipe());
    Pipe err = TRY(make_pipe());
    Pipe problem = TRY(make_pipe());
    TRY(dont_block(out.reader));
    TRY(dont_block(err.reader));

    const std::vector<std::string> path_alone{hook.path};
    Program program;
    program.path = hook.path.c_str();
    program.argv = pointers(hook.args.empty() ? path_alone : hook.args);
    program.envp = pointers(hook.env ? *hook.env : setting.env);
    program.directory = setting.directory;
    program.streams[0] = input.get();
    program.streams[1] = out.writer.get();
    program.streams[2] = err.writer.get();
    program.problem = problem.writer.get();

    std::optional<Deadline> deadline = setting.deadline;
    bool own_timeout = false;
    if (hook.timeout) {
        const Deadline own = Deadline::in_ms(*hook.timeout * 1000);
        own_timeout = !deadline || own.left_us() <= deadline->left_us();
        if (own_timeout)
            deadline = own;
    }
    const pid_t self = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0)
        return fail_sys("fork");
    if (pid == 0)
        become_hook(program, self);
    auto pidfd = sys::pidfd_open(pid);
    const bool opened = pidfd.has_value();
    const Error unopened = opened ? Error{} : pidfd.error();
    Running running{pid, opened ? *std::move(pidfd) : Fd{}};
    if (!opened)
        return Failure{unopened};
    for (Pipe* pipe : {&out, &err, &problem})
        pipe->writer.reset();
    if (const int code = exec_problem(problem.reader); code != 0)
        return fail_code(code, "fork/exec " + hook.path);

    Output stdout_text{std::move(out.reader), {}};
    Output stderr_text{std::move(err.reader), {}};
    const bool in_time = TRY(follow(running, stdout_text, stderr_text, deadline));
    if (!in_time && own_timeout)
        return fail("hook ran past specified timeout of " + seconds(*hook.timeout));
    if (!in_time)
        return fail("hook ran past the time that the command may take");
    const int status = TRY(running.reap());
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return {};
    return fail(describe(status) + ", stdout: " + stdout_text.text +
                ", stderr: " + stderr_text.text);
}

}  // namespace

Result<> run_one(const Setting& setting, const std::vector<oci::Hook>& list, size_t index,
                 std::string_view state) {
    TRY_IN("error running " + std::string{setting.name} + " hook #" + std::to_string(index),
           run_hook(list[index], setting, state));
    return {};
}

Result<> run(const Setting& setting, const std::vector<oci::Hook>& list, std::string_view state) {
    for (size_t i = 0; i < list.size(); ++i)
        TRY(run_one(setting, list, i, state));
    return {};
}

}  // namespace unitc::hooks
