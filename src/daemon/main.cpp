// SPDX-License-Identifier: Apache-2.0
#include "daemon/main.hpp"

#include <getopt.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <optional>

#include "base/log.hpp"
#include "base/stopwatch.hpp"
#include "base/text.hpp"
#include "daemon/service.hpp"

namespace unitc::daemon {
namespace {

constexpr const char* kBusName = "org.unitc1";

struct Options {
    ops::Globals globals;
    int64_t idle_us = 30'000'000;
};

constexpr const char kHelp[] =
    "usage: unitcd [OPTIONS]\n\n"
    "Containers of unitc as objects on the system bus: org.unitc1(5). The bus starts it.\n\n"
    "  --root DIR             where unitc keeps its state (/run/unitc)\n"
    "  --idle-timeout SECONDS end when nobody has asked for so long (30)\n"
    "  --help\n"
    "  --version\n";

// Nothing: it was answered.
Result<std::optional<Options>> parse(int argc, char** argv) {
    const option names[] = {{"root", required_argument, nullptr, 'r'},
                            {"idle-timeout", required_argument, nullptr, 'i'},
                            {"help", no_argument, nullptr, 'h'},
                            {"version", no_argument, nullptr, 'v'},
                            {nullptr, 0, nullptr, 0}};
    Options options;
    for (int word; (word = ::getopt_long(argc, argv, "", names, nullptr)) != -1;) {
        switch (word) {
            case 'r':
                options.globals.root = text::clean_path(optarg);
                if (!options.globals.root.starts_with('/') || options.globals.root == "/")
                    return fail("--root must be an absolute path other than '/'");
                break;
            case 'i': {
                const auto seconds = text::parse_int<uint32_t>(optarg);
                if (!seconds || *seconds == 0)
                    return fail("--idle-timeout must be a number of seconds above 0");
                options.idle_us = int64_t{*seconds} * 1'000'000;
                break;
            }
            case 'h': std::fputs(kHelp, stdout); return std::nullopt;
            case 'v': std::puts("unitcd version " UNITC_VERSION); return std::nullopt;
            default: return fail("see 'unitcd --help'");
        }
    }
    if (optind != argc)
        return fail("unitcd takes no arguments (see 'unitcd --help')");
    return options;
}

Result<Fd> signals() {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGTERM);
    ::sigaddset(&set, SIGINT);
    if (::sigprocmask(SIG_BLOCK, &set, nullptr) < 0)
        return fail_sys("sigprocmask");
    Fd fd{::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (!fd)
        return fail_sys("signalfd");
    return fd;
}

int soonest(int a, int b) {
    return a < 0 ? b : b < 0 ? a : std::min(a, b);
}

// Waits for the bus and all else, at most until it is time to end.
Result<> turn(Loop& loop, Service& service, int64_t idle_at_us) {
    const int64_t left_ms = (idle_at_us - monotonic_us() + 999) / 1000;
    int timeout_ms = service.idle() ? static_cast<int>(std::max<int64_t>(left_ms, 0)) : -1;
    timeout_ms = soonest(timeout_ms, service.bus().timeout_ms());
    timeout_ms = soonest(timeout_ms, service.next_look_ms());
    TRY(loop.watch(service.bus().fd(), static_cast<uint32_t>(service.bus().events()), {}));
    TRY(loop.turn(timeout_ms));
    service.look_again();
    return service.serve();
}

// After the name has gone nobody new comes; who has come before is answered.
Result<> end(Loop& loop, Service& service) {
    constexpr int kPatienceMs = 5'000;
    ::sd_notify(0, "STOPPING=1");
    TRY(service.bus().release_name(kBusName));
    for (const Deadline deadline = Deadline::in_ms(kPatienceMs); !deadline.passed();) {
        TRY(service.serve());
        if (service.bus().timeout_ms() != 0 && service.answered())
            return {};
        TRY(loop.watch(service.bus().fd(), static_cast<uint32_t>(service.bus().events()), {}));
        TRY(loop.turn(soonest(service.bus().timeout_ms(), deadline.left_ms())));
    }
    return {};
}

Result<> serve(const Options& options) {
    Loop loop = TRY(Loop::open());
    const Fd ending = TRY(signals());
    bool told_to_end = false;
    TRY(loop.watch(ending.get(), EPOLLIN, [&] { told_to_end = true; }));
    const auto service = TRY(Service::begin(options.globals, loop));
    // All there is to do with it is to try: process() is what reads.
    TRY(loop.watch(service->bus().fd(), EPOLLIN, [] {}));
    TRY(service->bus().request_name(kBusName));
    ::sd_notify(0, "READY=1");
    while (!told_to_end) {
        const int64_t idle_at_us = service->last_call_us() + options.idle_us;
        if (service->idle() && monotonic_us() >= idle_at_us)
            break;
        TRY(turn(loop, *service, idle_at_us));
    }
    return end(loop, *service);
}

}  // namespace

int main(int argc, char** argv) noexcept {
    try {
        const auto options = parse(argc, argv);
        const Result<> done = !options   ? Failure{options.error()}
                              : *options ? serve(**options)
                                         : Result<>{};
        if (done)
            return 0;
        std::fprintf(stderr, "unitcd: %s\n", done.error().message.c_str());
    } catch (const std::exception& problem) {  // out of memory, or a mistake of ours
        std::fprintf(stderr, "unitcd: unexpected failure: %s\n", problem.what());
    }
    return 1;
}

}  // namespace unitc::daemon
