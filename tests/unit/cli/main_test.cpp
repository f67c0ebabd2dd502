// SPDX-License-Identifier: Apache-2.0
// The whole program in this process, with its output in files: what engines
// read from standard error, the log and the exit status.
#include "cli/main.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "cli/exit.hpp"
#include "cli/process.hpp"
#include "sys/file.hpp"

namespace unitc::cli {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

struct Outcome {
    int status = -1;
    std::string out;
    std::string err;
};

class Main : public testing::Test {
protected:
    void SetUp() override {
        char pattern[] = "/tmp/unitc-cli-XXXXXX";
        ASSERT_NE(mkdtemp(pattern), nullptr);
        directory_ = pattern;
    }
    void TearDown() override {
        for (const char* name : {"out", "err", "log", "pipe"})
            unlink(path(name).c_str());
        EXPECT_EQ(rmdir(directory_.c_str()), 0) << "something is left in " << directory_;
    }

    std::string path(const std::string& name) const { return directory_ + "/" + name; }
    static std::string content(const std::string& file) {
        return sys::read_file(AT_FDCWD, file.c_str()).value_or("(no file)");
    }

    // The caller's descriptor `number` leads to a new file for the time of the call.
    class Redirected {
    public:
        Redirected(int number, const std::string& file)
            : number_(number), before_(fcntl(number, F_DUPFD_CLOEXEC, 10)) {
            const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
            dup2(fd, number);
            ::close(fd);
        }
        Redirected(const Redirected&) = delete;
        ~Redirected() {
            dup2(before_, number_);
            ::close(before_);
        }

    private:
        int number_;
        int before_;
    };

    Outcome call(std::vector<std::string> words) const {
        words.insert(words.begin(), "unitc");
        std::vector<char*> argv;
        for (std::string& word : words)
            argv.push_back(word.data());
        argv.push_back(nullptr);
        Outcome outcome;
        {
            const Redirected out{STDOUT_FILENO, path("out")};
            const Redirected err{STDERR_FILENO, path("err")};
            outcome.status = cli::main(static_cast<int>(words.size()), argv.data());
        }
        outcome.out = content(path("out"));
        outcome.err = content(path("err"));
        return outcome;
    }

    std::string directory_;
};

constexpr const char* kTime = "....-..-..T..:..:..\\..........Z";

TEST_F(Main, prints_help_and_version_and_succeeds) {
    for (const auto& words :
         std::vector<std::vector<std::string>>{{}, {"--help"}, {"help"}, {"-h"}, {"--debug"}}) {
        const Outcome got = call(words);
        EXPECT_EQ(got.status, 0);
        EXPECT_THAT(got.out, StartsWith("NAME:\n   unitc - "));
        EXPECT_EQ(got.err, "");
    }
    EXPECT_THAT(call({"run", "--help"}).out, StartsWith("NAME:\n   unitc run - "));
    EXPECT_THAT(call({"--version"}).out, StartsWith("unitc version "));
    EXPECT_THAT(call({"-v"}).out, StartsWith("unitc version "));
}

TEST_F(Main, writes_an_error_as_one_entry_on_stderr) {
    const Outcome got = call({"state"});
    EXPECT_EQ(got.status, 1);
    EXPECT_EQ(got.out, "");
    EXPECT_THAT(got.err, MatchesRegex(std::string{"time=\""} + kTime +
                                      "\" level=error msg=\"\\\\\"state\\\\\" requires exactly 1 "
                                      "argument.s. .see 'unitc state --help'.\"\n"));
}

TEST_F(Main, writes_an_error_into_the_log_and_plainly_on_stderr) {
    const Outcome got = call({"--log", path("log"), "--log-format", "json", "state"});
    EXPECT_EQ(got.status, 1);
    EXPECT_EQ(got.err, "\"state\" requires exactly 1 argument(s) (see 'unitc state --help')\n");
    EXPECT_THAT(content(path("log")),
                MatchesRegex(std::string{"\\{\"level\":\"error\",\"msg\":\"\\\\\"state\\\\\" "
                                         "requires exactly 1 argument.s. .see 'unitc state "
                                         "--help'.\",\"time\":\""} +
                             kTime + "\"\\}\n"));
}

TEST_F(Main, appends_to_the_log) {
    call({"--log", path("log"), "state"});
    call({"--log", path("log"), "kill"});
    const std::string log = content(path("log"));
    EXPECT_THAT(log, HasSubstr("level=error msg=\"\\\"state\\\""));
    EXPECT_THAT(log, HasSubstr("level=error msg=\"\\\"kill\\\""));
    struct stat facts {};
    ASSERT_EQ(stat(path("log").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777 & ~0644u, 0u);
}

TEST_F(Main, logs_a_mistake_in_the_words_too) {
    const Outcome got = call({"--log", path("log"), "run", "--frob"});
    EXPECT_EQ(got.status, 1);
    EXPECT_EQ(got.err, "flag provided but not defined: -frob (see 'unitc --help')\n");
    EXPECT_THAT(content(path("log")), HasSubstr("flag provided but not defined: -frob"));
    EXPECT_EQ(call({"frob"}).status, 1);
    EXPECT_THAT(call({"frob"}).err, HasSubstr("No help topic for 'frob'"));
}

TEST_F(Main, says_which_log_cannot_be_opened) {
    const Outcome got = call({"--log", path("none/log"), "list"});
    EXPECT_EQ(got.status, 1);
    EXPECT_THAT(got.err, HasSubstr("--log: openat '" + path("none/log") + "'"));
}

TEST_F(Main, does_not_wait_for_a_reader_of_its_log) {
    ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
    EXPECT_EQ(call({"--log", path("pipe"), "list"}).status, 1);
}

TEST_F(Main, fails_when_what_it_prints_cannot_be_written) {
    ASSERT_EQ(symlink("/dev/full", path("out").c_str()), 0);
    const Outcome got = call({"--version"});
    EXPECT_EQ(got.status, 1);
    EXPECT_THAT(got.err, HasSubstr("write 'standard output'"));
}

TEST_F(Main, wants_the_preserved_descriptors_to_be_there) {
    const Outcome got =
        call({"--log", path("log"), "run", "--preserve-fds", "400", "-b", path("none"), "x"});
    EXPECT_EQ(got.status, 1);
    EXPECT_THAT(got.err, MatchesRegex("unable to stat preserved-fd [0-9]+ .of 400.: descriptor "
                                      "[0-9]+ is not open\n"));
}

[[noreturn]] void call_as_nobody(const char* verb) {
    // The test may run as root.
    if (geteuid() == 0 && seteuid(65534) != 0)
        _exit(2);
    ::unsetenv("XDG_RUNTIME_DIR");
    const char* words[] = {"unitc", verb, "x", nullptr};
    _exit(cli::main(3, const_cast<char**>(words)));
}

TEST(MainDeathTest, tells_a_user_without_a_session_what_is_missing) {
    for (const char* verb : {"start", "state", "kill", "delete"})
        EXPECT_EXIT(call_as_nobody(verb), testing::ExitedWithCode(1),
                    "no directory for the state of containers: .XDG_RUNTIME_DIR is not set .*"
                    "machinectl shell.*--root");
}

TEST_F(Main, leaves_the_log_to_itself_afterwards) {
    call({"--debug", "--log", path("log"), "--log-format", "json", "state"});
    EXPECT_FALSE(log::enabled(log::Level::Debug));
}

TEST(Report, writes_one_line_whatever_the_message_holds) {
    testing::internal::CaptureStderr();
    log::configure(-1, log::Format::Text, log::Level::Info);
    EXPECT_EQ(report(Error{0, "exec 'a\nb': no such file or directory"}, false), 1);
    log::configure(STDERR_FILENO, log::Format::Text, log::Level::Info);
    EXPECT_EQ(testing::internal::GetCapturedStderr(),
              "exec 'a\\x0ab': no such file or directory\n");
}

TEST(Settle, opens_what_is_missing_of_the_standard_descriptors) {
    EXPECT_EXIT(
        {
            for (const int fd : {0, 1, 2})
                ::close(fd);
            const bool settled = settle().has_value();
            struct stat facts {};
            bool null = settled;
            for (const int fd : {0, 1, 2})
                null = null && fstat(fd, &facts) == 0 && facts.st_rdev == 0x103;
            _exit(null ? 42 : 1);
        },
        testing::ExitedWithCode(42), "");
}

TEST(Settle, leaves_open_descriptors_alone_and_survives_a_closed_pipe) {
    EXPECT_EXIT(
        {
            int ends[2];
            if (pipe(ends) != 0 || dup2(ends[1], 2) != 2)
                _exit(1);
            ::close(0);
            if (!settle())
                _exit(2);
            ::close(ends[0]);
            ::close(ends[1]);
            const bool refused = write(2, "x", 1) < 0 && errno == EPIPE;
            _exit(refused ? 42 : 3);
        },
        testing::ExitedWithCode(42), "");
}

TEST(GuardDescriptors, closes_all_but_the_preserved_ones_at_exec) {
    EXPECT_EXIT(
        {
            for (const int fd : {3, 4, 5, 200})
                if (dup2(0, fd) != fd)
                    _exit(1);
            if (!guard_descriptors(2))
                _exit(2);
            const bool right =
                (fcntl(3, F_GETFD) & FD_CLOEXEC) == 0 && (fcntl(4, F_GETFD) & FD_CLOEXEC) == 0 &&
                (fcntl(5, F_GETFD) & FD_CLOEXEC) != 0 && (fcntl(200, F_GETFD) & FD_CLOEXEC) != 0;
            _exit(right ? 42 : 3);
        },
        testing::ExitedWithCode(42), "");
}

TEST(PassedSockets, count_only_when_they_are_ours) {
    const auto with = [](const char* pid, const char* count) {
        setenv("LISTEN_PID", pid, 1);
        setenv("LISTEN_FDS", count, 1);
        const int sockets = passed_sockets();
        unsetenv("LISTEN_PID");
        unsetenv("LISTEN_FDS");
        return sockets;
    };
    const std::string own = std::to_string(getpid());
    EXPECT_EQ(with(own.c_str(), "2"), 2);
    EXPECT_EQ(with("1", "2"), 0);
    EXPECT_EQ(with(own.c_str(), "-2"), 0);
    EXPECT_EQ(with(own.c_str(), "two"), 0);
    EXPECT_EQ(passed_sockets(), 0);
}

}  // namespace
}  // namespace unitc::cli
