// SPDX-License-Identifier: Apache-2.0
// From args[0] to execve, with the words engines look for in the errors.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/text.hpp"
#include "init/steps.hpp"
#include "sys/file.hpp"
#include "sys/path.hpp"
#include "sys/process.hpp"

namespace unitc::init {
namespace {

constexpr std::string_view kPath = "PATH=";
constexpr std::string_view kHome = "HOME=";
constexpr size_t kPasswdLimit = size_t{1} << 20;

std::string_view variable(const std::vector<std::string>& env, std::string_view name) {
    for (const std::string& entry : env)
        if (entry.starts_with(name))
            return std::string_view{entry}.substr(name.size());
    return {};
}

// 0, or why this user cannot execute the file.
int executable_problem(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) < 0)
        return errno;
    if (S_ISDIR(status.st_mode))
        return EISDIR;
    return ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) < 0 ? errno : 0;
}

Failure fail_exec(const std::string& name, const std::string& why, int code) {
    return Failure{Error{code, "exec: \"" + name + "\": " + why}};
}

// podman and docker match these words ("no such file or directory",
// "permission denied", "executable file not found in $PATH").
Failure fail_lookup(const std::string& name, int code) {
    if (code == ENOENT || code == ENOTDIR)
        return fail_exec(name,
                         "stat " + name + ": " +
                             (code == ENOENT ? "no such file or directory" : "not a directory"),
                         code);
    if (code == EISDIR)
        return fail_exec(name, "is a directory", code);
    if (code == EACCES)
        return fail_exec(name, "permission denied", code);
    return fail_exec(name, errno_text(code), code);
}

// A regular file, read no further than the limit, without ever blocking: the
// image may have put a fifo or /dev/zero there.
std::string home_of(uid_t uid) {
    const auto root = sys::open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY);
    if (!root)
        return "/";
    const auto file = sys::open_in_root(*root, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!file)
        return "/";
    const auto status = sys::stat_fd(*file);
    if (!status || !S_ISREG(status->st_mode))
        return "/";
    const auto passwd = sys::read_all(*file, kPasswdLimit);
    if (!passwd)
        return "/";
    for (const std::string_view line : text::split(*passwd, '\n')) {
        const auto fields = text::split(line, ':');
        if (fields.size() >= 6 && text::parse_int<uid_t>(fields[2]) == uid && !fields[5].empty())
            return std::string{fields[5]};
    }
    return "/";
}

// Which process the sockets are for, for longer than a pid says it; without
// pidfs there is no such number, and nobody asks for it.
Result<> add_pidfd_id(std::vector<std::string>& env) {
    const Fd self = TRY(sys::pidfd_open(::getpid()));
    if (const uint64_t id = sys::pidfd_inode(self); id != 0)
        env.push_back("LISTEN_PIDFDID=" + std::to_string(id));
    return {};
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
    std::vector<char*> list;
    list.reserve(strings.size() + 1);
    for (std::string& string : strings)
        list.push_back(string.data());
    list.push_back(nullptr);
    return list;
}

}  // namespace

Result<> find_executable(Context& context) {
    const plan::ProcessPlan& process = context.plan.process;
    context.env = process.env;
    if (variable(process.env, kHome).empty()) {
        // An empty one counts as none, and is not to stand beside the other.
        std::erase(context.env, std::string{kHome});
        context.env.push_back(std::string{kHome} + home_of(process.uid));
    }

    if (process.listen_pidfd_id)
        TRY(add_pidfd_id(context.env));

    const std::string& name = process.args.front();
    if (name.find('/') != std::string::npos) {
        if (const int problem = executable_problem(name); problem != 0)
            return fail_lookup(name, problem);
        context.executable = name;
        return {};
    }
    for (const std::string_view directory : text::split(variable(process.env, kPath), ':')) {
        // An empty part means the working directory; runc refuses to look there.
        if (directory.empty() || name.empty())
            continue;
        std::string candidate = std::string{directory} + "/" + name;
        if (executable_problem(candidate) == 0) {
            context.executable = std::move(candidate);
            return {};
        }
    }
    return fail_exec(name, "executable file not found in $PATH", ENOENT);
}

Result<> execute(Context& context) {
    std::vector<std::string> args = context.plan.process.args;
    const std::vector<char*> argv = pointers(args);
    const std::vector<char*> envp = pointers(context.env);
    // Whatever was opened since, by us or a library: nothing above the
    // preserved descriptors reaches the program.
    const unsigned first = 3 + static_cast<unsigned>(context.plan.process.preserve_fds);
    constexpr unsigned kCloseOnExec = 1U << 2;  // CLOSE_RANGE_CLOEXEC
    // The filter may forbid it; every descriptor of ours is close-on-exec anyway.
    ::syscall(SYS_close_range, first, ~0U, kCloseOnExec);
    ::execve(context.executable.c_str(), argv.data(), envp.data());
    const int code = errno;
    return Failure{Error{code, "exec " + context.executable + ": " + errno_text(code), true}};
}

}  // namespace unitc::init
