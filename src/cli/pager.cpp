// SPDX-License-Identifier: Apache-2.0
#include "cli/pager.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <span>

#include "base/fd.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "sys/command.hpp"
#include "sys/file.hpp"

namespace unitc::cli {
namespace {

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr std::string_view kYes[] = {"1", "yes", "y", "true", "t", "on", "16", "256", "24bit"};
constexpr std::string_view kNo[] = {"0", "no", "n", "false", "f", "off"};

bool is_dumb(const char* term) {
    return term == nullptr || *term == '\0' || std::string_view{term} == "dumb";
}

bool is_secure(const char* pager_secure) {
    return pager_secure == nullptr || !is_one_of(pager_secure, kNo);
}

// less(1) as systemd's tools set it up.
void set_up_less() {
    const char* options = std::getenv("SYSTEMD_LESS");
    ::setenv("LESS", options != nullptr ? options : "FRSXMK", 1);
    const char* charset = std::getenv("SYSTEMD_LESSCHARSET");
    ::setenv("LESSCHARSET", charset != nullptr ? charset : "utf-8", 1);
    if (is_secure(std::getenv("SYSTEMD_PAGERSECURE")))
        ::setenv("LESSSECURE", "1", 1);
    else
        ::unsetenv("LESSSECURE");
}

// As systemd's tools: words, no shell.
Result<pid_t> start(const std::string& command, const Fd& input) {
    std::vector<std::string> words;
    for (const std::string_view word : text::split(command, ' '))
        if (!word.empty())
            words.emplace_back(word);
    return sys::spawn(words, {&input, nullptr, nullptr});
}

Result<> feed(pid_t pid, Fd pipe, std::string_view text) {
    // ^C is the pager's.
    struct sigaction ignore {};
    struct sigaction before {};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGINT, &ignore, &before);
    auto written = sys::write_all(pipe, text);
    // It was left before the end.
    if (!written && written.error().code == EPIPE)
        written = {};
    pipe.reset();
    int status = 0;
    sys::retry_eintr([&] { return ::waitpid(pid, &status, 0); });
    ::sigaction(SIGINT, &before, nullptr);
    return written;
}

}  // namespace

Surroundings surroundings() {
    return {std::getenv("SYSTEMD_COLORS"), std::getenv("NO_COLOR"), std::getenv("TERM"),
            ::isatty(STDOUT_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1};
}

bool wants_colour(const Surroundings& around) {
    if (around.systemd_colors != nullptr) {
        if (is_one_of(around.systemd_colors, kYes))
            return true;
        if (is_one_of(around.systemd_colors, kNo))
            return false;
    }
    if (around.no_color != nullptr && *around.no_color != '\0')
        return false;
    return around.terminal && !is_dumb(around.term);
}

std::vector<std::string> pagers(const char* systemd_pager, const char* pager,
                                const char* pager_secure) {
    const char* wanted = systemd_pager != nullptr ? systemd_pager : pager;
    if (wanted != nullptr) {
        const std::string_view name = text::trim(wanted);
        if (name.empty() || name == "cat")
            return {};
        if (pager_secure != nullptr)
            return {std::string{name}};
    }
    if (is_secure(pager_secure))
        return {"less"};
    return {"pager", "less", "more"};
}

Result<> print_paged(std::string_view text, bool no_pager) {
    if (no_pager || ::isatty(STDOUT_FILENO) != 1 || is_dumb(std::getenv("TERM")))
        return print(text);
    const auto programs = pagers(std::getenv("SYSTEMD_PAGER"), std::getenv("PAGER"),
                                 std::getenv("SYSTEMD_PAGERSECURE"));
    if (!programs.empty())
        set_up_less();
    for (const std::string& program : programs) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) < 0)
            return fail_sys("pipe2");
        const Fd reader{ends[0]};
        Fd writer{ends[1]};
        if (const auto pid = start(program, reader))
            return feed(*pid, std::move(writer), text);
    }
    return print(text);
}

}  // namespace unitc::cli
