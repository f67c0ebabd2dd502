// SPDX-License-Identifier: Apache-2.0
// What can be a service, and by which executable.
#include "ops/service.hpp"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.hpp"
#include "sys/file.hpp"
#include "sys/procfs.hpp"

namespace unitc::ops {
namespace {

constexpr const char* kMode = "--unit=service: ";

// What a config leaves out of its namespaces is shared with unitc, and that is
// PID 1's child there. Paths are PID 1's as well.
Result<> check_surroundings() {
    const sys::Procfs proc = TRY(sys::Procfs::host());
    for (const char* name : {"mnt", "net", "ipc", "uts", "pid", "user", "cgroup", "time"}) {
        const std::string where = std::string{"/ns/"} + name;
        const int at = proc.fd().get();
        if (TRY(sys::read_link(at, ("self" + where).c_str())) !=
            TRY(sys::read_link(at, ("1" + where).c_str())))
            return fail(kMode + ("unitc is in another namespace (" + std::string{name}) +
                        ") than PID 1, from which a service begins");
    }
    struct stat own {};
    struct stat managers {};
    if (::stat("/", &own) == 0 && ::fstatat(proc.fd().get(), "1/root/", &managers, 0) == 0 &&
        (own.st_dev != managers.st_dev || own.st_ino != managers.st_ino))
        return fail(kMode + std::string{"unitc has another root directory than PID 1, from which "
                                        "a service begins"});
    return {};
}

bool is_same_file(const struct stat& a, const struct stat& b) {
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

}  // namespace

bool speaks_to_manager(const oci::Config& config) {
    return std::any_of(config.annotations.begin(), config.annotations.end(),
                       [](const auto& note) { return note.first == "org.systemd.property.Type"; });
}

Result<> check_service(const CreateRequest& request, const Prepared& prepared) {
    if (request.preserve_fds > 0)
        return fail(kMode + std::string{"not with --preserve-fds: descriptors do not outlive the "
                                        "first start of a service"});
    if (request.listen_fds > 0)
        return fail(kMode + std::string{"sockets that systemd has passed to unitc (LISTEN_FDS) "
                                        "cannot go on to another service"});
    if (request.no_new_keyring)
        return fail(kMode + std::string{"not with --no-new-keyring: the caller's keyring is not "
                                        "the service's"});
    if (request.ready_by)
        return fail(kMode + std::string{"not with --ready: it is the service's own manager that is "
                                        "told"});
    const unit::Properties& properties = prepared.plan.unit.properties;
    const bool restarts =
        std::any_of(properties.begin(), properties.end(), [](const unit::Property& property) {
            return property.name == "Restart" && property.value != unit::Value{std::string{"no"}};
        });
    if (restarts && !request.detach)
        return fail(
            "annotations.org.systemd.property.Restart: only with --detach: in the "
            "foreground `run` ends with the program");
    if (restarts && prepared.config.process->terminal)
        return fail(
            "annotations.org.systemd.property.Restart: not with process.terminal, which "
            "nobody would take the second time");
    return check_surroundings();
}

Result<std::string> find_program(const std::string& argv0) {
    struct stat own {};
    if (::stat("/proc/self/exe", &own) < 0)
        return fail_sys("stat", "/proc/self/exe");
    // Its link is of no use: it may lead to a copy of the mount.
    std::vector<std::string> candidates;
    if (argv0.find('/') != std::string::npos) {
        candidates.push_back(argv0);
    } else if (const char* path = std::getenv("PATH"); path != nullptr) {
        for (const std::string_view directory : text::split(path, ':'))
            candidates.push_back(std::string{directory} + "/" + argv0);
    }
    for (const std::string& candidate : candidates) {
        struct stat found {};
        char resolved[PATH_MAX];
        if (::stat(candidate.c_str(), &found) == 0 && is_same_file(found, own) &&
            ::realpath(candidate.c_str(), resolved) != nullptr)
            return std::string{resolved};
    }
    return fail(kMode + ("the executable '" + text::printable(argv0.substr(0, 256))) +
                "' is not found where unitc was called by that name");
}

}  // namespace unitc::ops
