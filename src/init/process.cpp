// SPDX-License-Identifier: Apache-2.0
// What makes the process itself: descriptors, limits, names, directory,
// privileges, filter.
#include "sys/process.hpp"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <vector>

#include "base/scope_exit.hpp"
#include "base/text.hpp"
#include "init/steps.hpp"
#include "sys/file.hpp"
#include "sys/identity.hpp"
#include "sys/path.hpp"
#include "sys/procfs.hpp"

namespace unitc::init {
namespace {

constexpr uint64_t kSysAdmin = uint64_t{1} << 21;  // CAP_SYS_ADMIN
constexpr uint32_t kPossessorSearch = 0x08000000;  // keyctl_setperm(3), KEY_POS_SEARCH
constexpr uint32_t kUserSearch = 0x00080000;       // KEY_USR_SEARCH

Result<> close_range(unsigned first, unsigned last, unsigned flags) {
    if (first > last)
        return {};
    if (::syscall(SYS_close_range, first, last, flags) < 0)
        return fail_sys("close_range");
    return {};
}

// Without process.capabilities in the config there are none, as with runc.
sys::CapabilitySets wanted_capabilities(const plan::ProcessPlan& process) {
    return process.capabilities.value_or(sys::CapabilitySets{});
}

bool filter_needs_privilege(const plan::InitPlan& plan) {
    return plan.seccomp.has_value() && !plan.process.no_new_privileges;
}

Result<> enter(Result<Fd> directory, const std::string& cwd) {
    if (!directory && directory.error().code == ELOOP)
        return fail("process.cwd '" + cwd +
                    "': leads through a magic link: possible container breakout detected");
    if (!directory)
        return Failure{std::move(directory).error().in("process.cwd '" + cwd + "'")};
    if (::fchdir(directory->get()) < 0)
        return fail_sys("fchdir", cwd);
    // A directory outside of the root has no name here (CVE-2024-21626).
    char name[PATH_MAX];
    const long length = ::syscall(SYS_getcwd, name, sizeof name);
    if (length < 0)
        return fail_sys("getcwd");
    if (name[0] != '/')
        return fail("process.cwd '" + cwd +
                    "': is outside of the container's root: possible container breakout detected");
    return {};
}

// Until the agent has the listener, a call that the filter notifies of would
// wait for ever: only sendmsg and recvmsg are made here, no memory is asked
// for, nothing is closed (validate() refuses to notify of these two).
Result<> hand_over_listener(const wire::Channel& channel, int listener) {
    char word = static_cast<char>(wire::Message::Listener);
    iovec payload{&word, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof listener)] = {};
    msghdr message{};
    message.msg_iov = &payload;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof listener);
    std::memcpy(CMSG_DATA(rights), &listener, sizeof listener);
    const int socket = channel.fd().get();
    if (sys::retry_eintr([&] { return ::sendmsg(socket, &message, MSG_NOSIGNAL); }) != 1)
        return fail_sys("sendmsg", "seccomp listener");
    message.msg_control = nullptr;
    message.msg_controllen = 0;
    if (sys::retry_eintr([&] { return ::recvmsg(socket, &message, 0); }) != 1 ||
        word != static_cast<char>(wire::Message::Listening))
        return fail("the seccomp agent was not told");
    ::close(listener);
    return {};
}

}  // namespace

Result<> tie_to_parent(Context& context) {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return fail_sys("prctl PR_SET_PDEATHSIG");
    // Nobody may look into this process before it is the container's
    // (CVE-2016-9962). Without privileges our parent may write our id maps only
    // if it may look, and nobody else is in the new user namespace: later then.
    if (context.plan.unprivileged && context.plan.user_namespace)
        return {};
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return fail_sys("prctl PR_SET_DUMPABLE");
    return {};
}

Result<> die_with_parent(Context& context) {
    TRY(tie_to_parent(context));
    // A parent that died before this line leaves a closed channel, which the
    // wait for the unit meets.
    TRY(sys::reset_signals());
    if (::setsid() < 0)
        return fail_sys("setsid");
    ::umask(0);
    return {};
}

Result<> take_output(Context& context) {
    for (const int fd : {STDOUT_FILENO, STDERR_FILENO})
        if (::dup2(context.output.get(), fd) < 0)
            return fail_sys("dup2");
    context.output.reset();
    return {};
}

Result<> close_inherited(Context& context) {
    std::vector<unsigned> kept{static_cast<unsigned>(context.channel.fd().get())};
    for (const Fd* fd : {&context.start_listener, &context.container, &context.device_store})
        if (*fd)
            kept.push_back(static_cast<unsigned>(fd->get()));
    std::sort(kept.begin(), kept.end());
    unsigned next = 3 + static_cast<unsigned>(context.plan.process.preserve_fds);
    for (const unsigned fd : kept) {
        if (fd < next)
            continue;
        if (fd > next)
            TRY(close_range(next, fd - 1, 0));
        next = fd + 1;
    }
    return close_range(next, ~0U, 0);
}

Result<> adjust_oom_score(Context& context) {
    const sys::Procfs proc = TRY(sys::Procfs::host());
    // The files of a process that hides are root's. Before the container is
    // entered nobody there could look.
    const bool hidden = context.plan.unprivileged;
    if (hidden && ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
        return fail_sys("prctl PR_SET_DUMPABLE");
    const ScopeExit hide{[&] {
        if (hidden)
            ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    }};
    TRY_IN("process.oomScoreAdj",
           proc.write("self/oom_score_adj", std::to_string(*context.plan.process.oom_score_adj)));
    return {};
}

Result<> set_limits(Context& context) {
    for (const plan::Limit& limit : context.plan.process.rlimits) {
        const rlimit wanted{limit.soft, limit.hard};
        if (::setrlimit(static_cast<__rlimit_resource>(limit.resource), &wanted) < 0)
            return Failure{fail_sys("setrlimit", limit.name).value().in("process.rlimits")};
    }
    return {};
}

Result<> join_keyring(Context& context) {
    const long ring =
        ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, context.plan.keyring_name.c_str());
    if (ring < 0) {
        // A kernel without keys has none to keep apart.
        if (errno == ENOSYS)
            return {};
        return fail_sys("keyctl", "join session keyring");
    }
    // Its user may search it: without that the possessor alone could.
    constexpr uint32_t kDefault = 0x3f1b0000;  // KEY_POS_ALL | all for the user but setattr, link
    static_assert((kDefault & kPossessorSearch) != 0);
    if (::syscall(SYS_keyctl, KEYCTL_SETPERM, ring, kDefault | kUserSearch) < 0)
        return fail_sys("keyctl", "set permissions of the session keyring");
    return {};
}

Result<> set_names(Context& context) {
    const std::string& host = context.plan.hostname;
    if (!host.empty() && ::sethostname(host.data(), host.size()) < 0)
        return fail_sys("sethostname", host);
    const std::string& domain = context.plan.domainname;
    if (!domain.empty() && ::setdomainname(domain.data(), domain.size()) < 0)
        return fail_sys("setdomainname", domain);
    return {};
}

Result<> write_sysctls(Context& context) {
    auto fresh = sys::Procfs::fresh();
    // In a user namespace only that of an own pid namespace can be mounted.
    if (!fresh && fresh.error().code == EPERM &&
        (context.plan.user_namespace || context.plan.rootless))
        fresh = sys::Procfs::host();
    const sys::Procfs proc = TRY(std::move(fresh));
    for (const auto& [path, value] : context.plan.sysctls)
        TRY_IN("linux.sysctl", proc.write("sys/" + path, value));
    return {};
}

Result<> enter_directory(Context& context) {
    const std::string& cwd = context.plan.process.cwd;
    const Fd root = TRY(sys::open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY));
    return enter(sys::make_directory_in_root(root, cwd, 0755), cwd);
}

Result<> enter_existing_directory(Context& context) {
    const std::string& cwd = context.plan.process.cwd;
    return enter(sys::open_in_root(context.root, cwd, O_PATH | O_DIRECTORY), cwd);
}

Result<> set_no_new_privileges(Context&) {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return fail_sys("prctl PR_SET_NO_NEW_PRIVS");
    return {};
}

Result<> drop_privileges(Context& context) {
    const plan::ProcessPlan& process = context.plan.process;
    sys::CapabilitySets wanted = wanted_capabilities(process);
    if (!context.plan.user_namespace)
        sys::hand_over_streams(process.uid);
    TRY(sys::drop_bounding(wanted.bounding));
    TRY(sys::become(process.uid, process.gid,
                    context.plan.keeps_groups ? nullptr : &process.groups));
    // The right to load a filter is kept aside (permitted, not effective)
    // until the filter is in place: then no call but capset and execve has to
    // pass it.
    sys::CapabilitySets now = wanted;
    if (filter_needs_privilege(context.plan))
        now.permitted |= kSysAdmin;
    TRY_IN("process.capabilities", sys::set_capabilities(now));
    const sys::CapabilitySets seen = TRY(sys::read_capabilities());
    if (seen != now)
        return fail("process.capabilities: the kernel did not take on the sets as asked");
    ::umask(process.umask);
    return {};
}

Result<> load_seccomp(Context& context) {
    const seccomp::Filter& filter = *context.plan.seccomp;
    const sys::CapabilitySets wanted = wanted_capabilities(context.plan.process);
    if (filter_needs_privilege(context.plan)) {
        sys::CapabilitySets loading = wanted;
        loading.permitted |= kSysAdmin;
        loading.effective |= kSysAdmin;
        TRY(sys::set_effective(loading));
    }
    // The kernel only reads the program; its type wants it writable.
    std::vector<sock_filter> code(filter.bpf.size() / sizeof(sock_filter));
    std::copy_n(filter.bpf.data(), code.size() * sizeof(sock_filter),
                reinterpret_cast<char*>(code.data()));
    const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
    const long listener = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, filter.flags, &program);
    if (listener < 0)
        return fail_sys("seccomp", "linux.seccomp");
    if ((filter.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0)
        TRY(hand_over_listener(context.channel, static_cast<int>(listener)));
    if (filter_needs_privilege(context.plan))
        TRY(sys::set_effective(wanted));
    return {};
}

}  // namespace unitc::init
