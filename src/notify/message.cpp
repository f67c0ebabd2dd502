// SPDX-License-Identifier: Apache-2.0
#include "notify/message.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace unitc::notify {
namespace {

enum class Rule {
    Pass,          // the line as it is
    Text,          // for people to read: without control characters
    Clock,         // a time of the sender's clock
    Descriptors,   // about the descriptors of the message, which go along
    Named,         // about descriptors that the manager has or gets
    MainPid,       // a pid of the sender's namespace
    MainPidId,     // the inode of that process's pidfd
    MainPidFd,     // the descriptor is the main process's
    WatchdogUsec,  // these two where they are allowed
    NotifyAccess,
};

// sd_notify(3) of systemd 262. What is not here goes no further: nobody but
// the manager listens, it ignores the custom X_ keys, and X_SYSTEMD_ ones are
// said by machines of themselves, which a container is not.
struct Row {
    std::string_view key;
    Rule rule;
};
constexpr Row kRows[] = {
    {"READY", Rule::Pass},
    {"RELOADING", Rule::Pass},
    {"STOPPING", Rule::Pass},
    {"MONOTONIC_USEC", Rule::Clock},
    {"STATUS", Rule::Text},
    {"ERRNO", Rule::Pass},
    {"BUSERROR", Rule::Text},
    {"VARLINKERROR", Rule::Text},
    {"EXIT_STATUS", Rule::Pass},
    {"WATCHDOG", Rule::Pass},
    {"EXTEND_TIMEOUT_USEC", Rule::Pass},
    {"RESTART_RESET", Rule::Pass},
    {"MAINPID", Rule::MainPid},
    {"MAINPIDFDID", Rule::MainPidId},
    {"MAINPIDFD", Rule::MainPidFd},
    {"FDSTORE", Rule::Descriptors},
    {"FDSTOREREMOVE", Rule::Named},
    {"FDNAME", Rule::Named},
    {"FDPOLL", Rule::Named},
    {"WATCHDOG_USEC", Rule::WatchdogUsec},
    {"NOTIFYACCESS", Rule::NotifyAccess},
};

constexpr std::string_view kBarrier = "BARRIER=1";

using Lines = std::vector<std::string_view>;

std::string_view value_of(const Lines& lines, std::string_view key) {
    for (const std::string_view line : lines)
        if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == '=')
            return line.substr(key.size() + 1);
    return {};
}

// Terminals show what the manager passes on.
std::string shown(std::string_view line) {
    std::string text{line};
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            c = '?';
    return text;
}

class Judge {
public:
    Judge(const Lines& lines, size_t fds, bool identified, const Allowed& allowed,
          const Questions& ask)
        : lines_(lines), fds_(fds), identified_(identified), allowed_(allowed), ask_(ask) {}

    Verdict decide() {
        for (const std::string_view line : lines_) {
            const auto* row = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& r) {
                return line.starts_with(r.key) && line.substr(r.key.size()).starts_with('=');
            });
            if (row != std::end(kRows))
                take(row->rule, line, line.substr(row->key.size() + 1));
        }
        if (verdict_.text.empty() || verdict_.text.size() > kMostBytes)
            return {};
        verdict_.kind = Verdict::Kind::Forward;
        return std::move(verdict_);
    }

private:
    void take(Rule rule, std::string_view line, std::string_view value) {
        switch (rule) {
            case Rule::Pass: return add(line);
            case Rule::Text: return text::is_utf8(line) ? add(shown(line)) : void();
            case Rule::Clock: return take_time(value);
            case Rule::Descriptors: return take_descriptors(line, value);
            case Rule::Named: return identified_ ? add(line) : void();
            case Rule::MainPid:
                if (const auto pid = main_pid(); pid && !pidfd_pid())
                    add("MAINPID=" + std::to_string(*pid));
                return;
            case Rule::MainPidId: return take_pidfd_id(line, value);
            case Rule::MainPidFd: return take_pidfd(line);
            case Rule::WatchdogUsec: return allowed_.watchdog_usec ? add(line) : void();
            case Rule::NotifyAccess: return allowed_.notify_access ? add(line) : void();
        }
    }

    void take_time(std::string_view value) {
        const auto time = text::parse_int<uint64_t>(value);
        if (!time || *time > INT64_MAX)
            return;
        const int64_t ahead = identified_ ? ask_.clock_ahead() : 0;
        int64_t ours = 0;
        if (!__builtin_sub_overflow(static_cast<int64_t>(*time), ahead, &ours) && ours >= 0)
            add("MONOTONIC_USEC=" + std::to_string(ours));
    }

    void take_descriptors(std::string_view line, std::string_view value) {
        if (!identified_ || value != "1")
            return;
        add(line);
        verdict_.with_fds = fds_ > 0;
    }

    std::optional<pid_t> main_pid() const {
        const auto inside = text::parse_int<pid_t>(value_of(lines_, "MAINPID"));
        if (!identified_ || !inside || *inside <= 0)
            return std::nullopt;
        return ask_.host_pid(*inside);
    }

    // A wrong one would only make the manager refuse the pid, which is proved.
    void take_pidfd_id(std::string_view line, std::string_view value) {
        const auto id = text::parse_int<uint64_t>(value);
        const auto pid = main_pid();
        if (id && pid && !pidfd_pid() && ask_.pidfd_inode(*pid) == *id)
            add(line);
    }

    // Descriptors are for one purpose at a time.
    std::optional<pid_t> pidfd_pid() const {
        if (!identified_ || fds_ != 1 || value_of(lines_, "MAINPIDFD") != "1" ||
            !value_of(lines_, "FDSTORE").empty())
            return std::nullopt;
        return ask_.pidfd_pid();
    }

    // Goes before any pid; for systemd before 257 it becomes one.
    void take_pidfd(std::string_view line) {
        const auto pid = pidfd_pid();
        if (!pid || verdict_.with_fds)
            return;
        add("MAINPID=" + std::to_string(*pid));
        add(line);
        verdict_.with_fds = true;
    }

    void add(std::string_view line) {
        if (!verdict_.text.empty())
            verdict_.text += '\n';
        verdict_.text += line;
    }

    const Lines& lines_;
    size_t fds_;
    bool identified_;
    const Allowed& allowed_;
    const Questions& ask_;
    Verdict verdict_;
};

}  // namespace

Result<Allowed> allowed_by(const std::vector<std::pair<std::string, std::string>>& annotations) {
    Allowed allowed;
    for (const auto& [name, value] : annotations) {
        if (name != kAllowAnnotation)
            continue;
        for (const std::string_view key : text::split(value, ' ')) {
            if (key == "WATCHDOG_USEC")
                allowed.watchdog_usec = true;
            else if (key == "NOTIFYACCESS")
                allowed.notify_access = true;
            else if (!key.empty())
                return fail("annotations." + name + ": '" + text::printable(key) +
                            "' must be WATCHDOG_USEC or NOTIFYACCESS");
        }
    }
    return allowed;
}

Verdict judge(std::string_view bytes, size_t fds, bool identified, const Allowed& allowed,
              const Questions& ask) {
    // One zero byte at the end is some senders' habit, which the manager allows.
    if (bytes.ends_with('\0'))
        bytes.remove_suffix(1);
    if (bytes.empty() || bytes.size() > kMostBytes || bytes.find('\0') != std::string_view::npos)
        return {};
    Lines lines = text::split(bytes, '\n');
    std::erase(lines, std::string_view{});
    if (std::find(lines.begin(), lines.end(), kBarrier) != lines.end()) {
        // The protocol has it alone, with one descriptor (sd_notify_barrier).
        Verdict barrier;
        if (lines.size() == 1 && fds == 1)
            barrier.kind = Verdict::Kind::Barrier;
        return barrier;
    }
    return Judge{lines, fds, identified, allowed, ask}.decide();
}

pid_t main_pid_of(std::string_view text) {
    return text::parse_int<pid_t>(value_of(text::split(text, '\n'), "MAINPID")).value_or(0);
}

uint64_t extension_of(std::string_view text) {
    const auto value = value_of(text::split(text, '\n'), "EXTEND_TIMEOUT_USEC");
    return text::parse_int<uint64_t>(value).value_or(0);
}

}  // namespace unitc::notify
