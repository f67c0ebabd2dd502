// SPDX-License-Identifier: Apache-2.0
#include "cgroup/victims.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/text.hpp"

namespace unitc::cgroup {
namespace {

// "6,1059,5140900,-;oom-kill:…": priority, number, time, flags; then the text.
// A priority of 8 and above is of somebody who wrote to the log.
std::optional<std::string_view> text_of_the_kernel(std::string_view record) {
    constexpr int kFacility = 8;
    const auto priority = text::parse_int<int>(record.substr(0, record.find(',')));
    const size_t begin = record.find(';');
    if (!priority || *priority >= kFacility || begin == std::string_view::npos)
        return std::nullopt;
    record.remove_prefix(begin + 1);
    return record.substr(0, record.find('\n'));
}

}  // namespace

// "oom-kill:constraint=…,task_memcg=PATH,task=NAME,pid=N,uid=N"; a process
// chooses its name, so the numbers are looked for from behind.
std::optional<Victim> parse_victim(std::string_view record, std::string_view path) {
    constexpr std::string_view kGroup = ",task_memcg=";
    constexpr std::string_view kName = ",task=";
    constexpr std::string_view kPid = ",pid=";
    const auto text = text_of_the_kernel(record);
    if (!text || !text->starts_with("oom-kill:"))
        return std::nullopt;
    const size_t group = text->find(kGroup);
    if (group == std::string_view::npos)
        return std::nullopt;
    std::string_view rest = text->substr(group + kGroup.size());
    if (!rest.starts_with(path))
        return std::nullopt;
    rest.remove_prefix(path.size());
    if (!rest.starts_with("/") && !rest.starts_with(kName))
        return std::nullopt;
    const size_t name = rest.find(kName);
    const size_t pid = rest.rfind(kPid);
    const size_t uid = rest.rfind(",uid=");
    if (name == std::string_view::npos || pid == std::string_view::npos || pid < name ||
        uid == std::string_view::npos || uid < pid)
        return std::nullopt;
    const auto number =
        text::parse_int<pid_t>(rest.substr(pid + kPid.size(), uid - pid - kPid.size()));
    if (!number)
        return std::nullopt;
    const size_t begin = name + kName.size();
    return Victim{*number, std::string{rest.substr(begin, pid - begin)}};
}

VictimLog VictimLog::begin(std::string path) {
    // The kernel's Documentation/admin-guide/devices.txt; some put a terminal there.
    const dev_t kernel_log = makedev(1, 11);
    Fd log;
    if (!path.empty())
        log = Fd{::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
    struct stat status {};
    if (log && (::fstat(log.get(), &status) < 0 || !S_ISCHR(status.st_mode) ||
                status.st_rdev != kernel_log || ::lseek(log.get(), 0, SEEK_END) < 0))
        log.reset();
    return VictimLog{std::move(path), std::move(log)};
}

std::vector<Victim> VictimLog::fresh() const {
    std::vector<Victim> victims;
    std::array<char, 8192> record{};  // more than the kernel makes of one
    // Should others write as fast as this reads, there is an end all the same.
    constexpr int kMostRecords = 65536;
    for (int left = kMostRecords; log_ && left > 0; --left) {
        const ssize_t got = ::read(log_.get(), record.data(), record.size());
        // Overwritten before they were read: what is left follows.
        if (got < 0 && (errno == EPIPE || errno == EINTR))
            continue;
        if (got <= 0)
            break;
        if (auto victim = parse_victim({record.data(), static_cast<size_t>(got)}, path_))
            victims.push_back(*std::move(victim));
    }
    return victims;
}

}  // namespace unitc::cgroup
