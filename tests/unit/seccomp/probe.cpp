// SPDX-License-Identifier: Apache-2.0
// Loads a seccomp filter (standard input) with the flags of the first
// argument, and tells what becomes of each system call that the other
// arguments name, each in a process of its own: "39" or "39:ARG0:ARG1:…",
// "i386:20" by way of int 0x80. Prints a line for each: the raw result, or
// the name of the signal that ended it.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

struct Call {
    bool i386 = false;
    unsigned long number = 0;
    std::array<unsigned long, 6> args{};
};

// Shared with the child, which may not be allowed to tell in any other way.
struct Report {
    long result;
    bool loaded;
    bool done;
};

Call parse(const char* text) {
    Call call;
    if (std::strncmp(text, "i386:", 5) == 0) {
        call.i386 = true;
        text += 5;
    }
    char* rest = nullptr;
    call.number = std::strtoul(text, &rest, 0);
    for (size_t i = 0; *rest == ':' && i < call.args.size(); ++i)
        call.args[i] = std::strtoul(rest + 1, &rest, 0);
    return call;
}

#if defined(__x86_64__)
// Not syscall(3): it would turn the answer into errno.
long perform(const Call& call) {
    long result = static_cast<long>(call.number);
    if (call.i386) {
        asm volatile("int $0x80"
                     : "+a"(result)
                     : "b"(call.args[0]), "c"(call.args[1]), "d"(call.args[2])
                     : "memory", "r8", "r9", "r10", "r11");
        return static_cast<int>(result);
    }
    register unsigned long r10 asm("r10") = call.args[3];
    register unsigned long r8 asm("r8") = call.args[4];
    register unsigned long r9 asm("r9") = call.args[5];
    asm volatile("syscall"
                 : "+a"(result)
                 : "D"(call.args[0]), "S"(call.args[1]), "d"(call.args[2]), "r"(r10), "r"(r8),
                   "r"(r9)
                 : "memory", "rcx", "r11");
    return result;
}
#else
long perform(const Call& call) {
    const long result = ::syscall(static_cast<long>(call.number), call.args[0], call.args[1],
                                  call.args[2], call.args[3], call.args[4], call.args[5]);
    return result == -1 ? -errno : result;
}
#endif

[[noreturn]] void child(const Call& call, const sock_fprog& program, unsigned long flags,
                        Report& report) {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const long rc = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    if (rc < 0)
        ::_exit(1);
    report.loaded = true;
    report.result = perform(call);
    report.done = true;
    // The filter may know no exit.
    __builtin_trap();
}

void print_outcome(const Report& report, int status) {
    if (report.done)
        std::printf("%ld\n", report.result);
    else if (!report.loaded)
        std::printf("not loaded\n");
    else if (WIFSIGNALED(status))
        std::printf("SIG%s\n", sigabbrev_np(WTERMSIG(status)));
    else
        std::printf("exited\n");
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3)
        return 2;
    const unsigned long flags = std::strtoul(argv[1], nullptr, 0);
    std::array<sock_filter, BPF_MAXINSNS> code{};
    const ssize_t size = ::read(STDIN_FILENO, code.data(), sizeof code);
    if (size <= 0)
        return 2;
    const sock_fprog program{
        static_cast<unsigned short>(static_cast<size_t>(size) / sizeof(sock_filter)), code.data()};
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    void* page =
        ::mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return 2;
    auto& report = *static_cast<Report*>(page);
    for (int i = 2; i < argc; ++i) {
        report = Report{};
        const Call call = parse(argv[i]);
        const pid_t pid = ::fork();
        if (pid == 0)
            child(call, program, flags, report);
        int status = 0;
        if (pid < 0 || ::waitpid(pid, &status, 0) != pid)
            return 2;
        print_outcome(report, status);
    }
    return 0;
}
