// SPDX-License-Identifier: Apache-2.0
// The command line as runc's users write it.
#include "cli/parse.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <climits>
#include <string>
#include <vector>

namespace unitc::cli {
namespace {

using testing::ElementsAre;

struct Parsed {
    Result<const Command*> command;
    Invocation invocation;

    std::string name() const {
        return !command              ? "error: " + command.error().message
               : *command == nullptr ? "none"
                                     : (*command)->name;
    }
};

Parsed parsed(const std::vector<const char*>& words) {
    Invocation invocation;
    auto command = parse(words, invocation);
    return {std::move(command), std::move(invocation)};
}

TEST(Parse, finds_the_command_and_its_arguments) {
    const Parsed got = parsed({"kill", "web", "KILL"});
    EXPECT_EQ(got.name(), "kill");
    EXPECT_THAT(got.invocation.arguments, ElementsAre("web", "KILL"));
}

TEST(Parse, gives_no_command_for_no_words) {
    EXPECT_EQ(parsed({}).name(), "none");
    EXPECT_EQ(parsed({"--debug"}).name(), "none");
}

// How podman, containerd and docker call a runtime.
TEST(Parse, takes_the_words_of_containerd) {
    const Parsed got =
        parsed({"--root", "/run/containerd/runc/k8s.io", "--log", "/run/log.json", "--log-format",
                "json", "--systemd-cgroup", "create", "--bundle", "/b", "--pid-file", "/b/init.pid",
                "--console-socket", "/tmp/pty.sock", "web"});
    ASSERT_EQ(got.name(), "create");
    EXPECT_EQ(got.invocation.globals.root, "/run/containerd/runc/k8s.io");
    EXPECT_TRUE(got.invocation.globals.root_given);
    EXPECT_TRUE(got.invocation.globals.systemd_cgroup);
    EXPECT_EQ(got.invocation.log_path, "/run/log.json");
    EXPECT_EQ(got.invocation.log_format, log::Format::Json);
    EXPECT_EQ(got.invocation.request.bundle, "/b");
    EXPECT_EQ(got.invocation.request.pid_file, "/b/init.pid");
    EXPECT_EQ(got.invocation.request.console_socket, "/tmp/pty.sock");
    EXPECT_THAT(got.invocation.arguments, ElementsAre("web"));
}

TEST(Parse, takes_every_switch_of_run) {
    const Parsed got = parsed({"run", "-d", "--keep", "--no-subreaper", "--no-pivot",
                               "--no-new-keyring", "--preserve-fds", "3", "--part-of", "no",
                               "--unit", "self", "--ready", "started", "-b", "dir", "web"});
    ASSERT_EQ(got.name(), "run");
    const ops::CreateRequest& request = got.invocation.request;
    EXPECT_TRUE(request.detach && request.keep && request.no_subreaper && request.no_pivot &&
                request.no_new_keyring);
    EXPECT_EQ(request.preserve_fds, 3);
    EXPECT_EQ(request.part_of, ops::PartOf::Nobody);
    EXPECT_EQ(request.unit_mode, ops::UnitMode::Self);
    EXPECT_EQ(request.ready_by, ops::ReadyBy::Started);
    EXPECT_EQ(request.bundle, "dir");
}

// As kubelet's and podman's health probes come.
TEST(Parse, takes_the_words_of_exec) {
    const Parsed got = parsed({"exec", "-d", "--pid-file", "/p", "--console-socket", "/c",
                               "--pidfd-socket", "/f", "--process", "/j", "web"});
    ASSERT_EQ(got.name(), "exec");
    EXPECT_TRUE(got.invocation.request.detach);
    EXPECT_EQ(got.invocation.request.pid_file, "/p");
    EXPECT_EQ(got.invocation.request.console_socket, "/c");
    EXPECT_EQ(got.invocation.exec.pidfd_socket, "/f");
    EXPECT_EQ(got.invocation.exec.process_file, "/j");
    EXPECT_THAT(got.invocation.arguments, ElementsAre("web"));
    EXPECT_FALSE(got.invocation.exec.tty || got.invocation.exec.no_new_privileges ||
                 got.invocation.exec.uid || got.invocation.exec.gid);
}

TEST(Parse, takes_every_option_of_exec) {
    const Parsed got = parsed({"exec",
                               "--cwd",
                               "/d",
                               "-e",
                               "A=1",
                               "--env",
                               "B=2",
                               "-t",
                               "-u",
                               "1:2",
                               "-g",
                               "3",
                               "-g",
                               "4",
                               "-c",
                               "CAP_A",
                               "--cap",
                               "CAP_B",
                               "--cgroup",
                               "sub",
                               "--process-label",
                               "l",
                               "--apparmor",
                               "a",
                               "--no-new-privs",
                               "--ignore-paused",
                               "--preserve-fds",
                               "5",
                               "web",
                               "sh",
                               "-c",
                               "x"});
    ASSERT_EQ(got.name(), "exec");
    const ops::ExecRequest& exec = got.invocation.exec;
    EXPECT_EQ(exec.cwd, "/d");
    EXPECT_THAT(exec.env, ElementsAre("A=1", "B=2"));
    EXPECT_EQ(exec.tty, true);
    EXPECT_EQ(exec.uid, 1U);
    EXPECT_EQ(exec.gid, 2U);
    EXPECT_THAT(exec.additional_gids, ElementsAre(3, 4));
    EXPECT_THAT(exec.capabilities, ElementsAre("CAP_A", "CAP_B"));
    EXPECT_THAT(exec.cgroup, ElementsAre("sub"));
    EXPECT_EQ(exec.process_label, "l");
    EXPECT_EQ(exec.apparmor, "a");
    EXPECT_EQ(exec.no_new_privileges, true);
    EXPECT_TRUE(exec.ignore_paused);
    EXPECT_EQ(got.invocation.request.preserve_fds, 5);
    // Options behind the id are the program's.
    EXPECT_THAT(got.invocation.arguments, ElementsAre("web", "sh", "-c", "x"));
    EXPECT_EQ(
        parsed({"exec", "--no-new-privs=false", "web", "x"}).invocation.exec.no_new_privileges,
        false);
}

TEST(Parse, takes_users_as_numbers_alone) {
    for (const char* user : {"", "a", "1 ", " 1", "+1", "-1", "0x1", "1:", ":1", "1:a", "1:2:3",
                             "4294967295", "4294967296", "1:4294967295", "1e3", "1.0"})
        EXPECT_EQ(parsed({"exec", "-u", user, "web", "x"}).name(),
                  std::string{"error: option --user '"} + user +
                      "': must be UID or UID:GID, each a number from 0 to 4294967294");
    const Parsed got = parsed({"exec", "-u", "4294967294", "web", "x"});
    EXPECT_EQ(got.invocation.exec.uid, 4294967294U);
    EXPECT_FALSE(got.invocation.exec.gid);
    EXPECT_EQ(parsed({"exec", "-u", "01", "web", "x"}).invocation.exec.uid, 1U);
    for (const char* gid : {"", "-1", "1,2", "4294967295"})
        EXPECT_EQ(parsed({"exec", "-g", gid, "web", "x"}).name(),
                  std::string{"error: option --additional-gids '"} + gid +
                      "': must be a number from 0 to 4294967294");
}

TEST(Parse, leaves_the_options_of_ps_to_ps) {
    const Parsed got = parsed({"ps", "-f", "json", "web", "-e", "-x", "--format", "table"});
    ASSERT_EQ(got.name(), "ps");
    EXPECT_TRUE(got.invocation.json);
    EXPECT_THAT(got.invocation.arguments, ElementsAre("web", "-e", "-x", "--format", "table"));
    EXPECT_EQ(parsed({"ps", "-f", "xml", "web"}).name(),
              "error: option --format 'xml': must be table or json");
}

TEST(Parse, leaves_everything_at_its_default) {
    const Parsed got = parsed({"run", "web"});
    const ops::CreateRequest& request = got.invocation.request;
    EXPECT_FALSE(request.detach || request.keep || request.no_subreaper || request.no_pivot ||
                 request.no_new_keyring);
    EXPECT_EQ(request.preserve_fds, 0);
    EXPECT_EQ(request.bundle, ".");
    EXPECT_EQ(got.invocation.globals.root, "/run/unitc");
    EXPECT_FALSE(got.invocation.globals.root_given);
    EXPECT_EQ(got.invocation.globals.deadline_ms, 30'000);
    EXPECT_EQ(got.invocation.log_format, log::Format::Text);
}

// What a test of a table is called by.
void print_words(const std::vector<const char*>& words, std::ostream& out) {
    out << "unitc";
    for (const char* word : words)
        out << " " << word;
}

struct Spelling {
    std::vector<const char*> words;
    const char* bundle;
};
void PrintTo(const Spelling& row, std::ostream* out) {
    print_words(row.words, *out);
}
class ParseSpelling : public testing::TestWithParam<Spelling> {};

TEST_P(ParseSpelling, is_understood) {
    const Parsed got = parsed(GetParam().words);
    ASSERT_EQ(got.name(), "run");
    EXPECT_EQ(got.invocation.request.bundle, GetParam().bundle);
    EXPECT_THAT(got.invocation.arguments, ElementsAre("web"));
}

INSTANTIATE_TEST_SUITE_P(Options, ParseSpelling,
                         testing::Values(Spelling{{"run", "--bundle", "/b", "web"}, "/b"},
                                         Spelling{{"run", "--bundle=/b", "web"}, "/b"},
                                         Spelling{{"run", "-bundle", "/b", "web"}, "/b"},
                                         Spelling{{"run", "-bundle=/b", "web"}, "/b"},
                                         Spelling{{"run", "-b", "/b", "web"}, "/b"},
                                         Spelling{{"run", "-b=/b", "web"}, "/b"},
                                         Spelling{{"run", "--b", "/b", "web"}, "/b"},
                                         Spelling{{"run", "web", "-b", "/b"}, "/b"},
                                         Spelling{{"run", "-b", "/b", "--", "web"}, "/b"},
                                         Spelling{{"run", "-b", "/a", "-b", "/b", "web"}, "/b"},
                                         Spelling{{"run", "-b", "--keep", "web"}, "--keep"},
                                         Spelling{{"run", "--bundle=a=b", "web"}, "a=b"},
                                         Spelling{{"run", "--bundle", "", "web"}, "."},
                                         Spelling{{"run", "--bundle=", "web"}, "."}));

TEST(Parse, takes_a_switch_with_a_value) {
    EXPECT_FALSE(parsed({"run", "--detach=false", "web"}).invocation.request.detach);
    EXPECT_TRUE(parsed({"run", "--detach=1", "web"}).invocation.request.detach);
    EXPECT_FALSE(parsed({"run", "-d", "-d=F", "web"}).invocation.request.detach);
    // The next word is never a switch's value.
    EXPECT_THAT(parsed({"run", "--detach", "false"}).invocation.arguments, ElementsAre("false"));
}

TEST(Parse, takes_global_options_behind_the_command_too) {
    const Parsed got = parsed({"list", "--root", "/r", "--debug"});
    EXPECT_EQ(got.name(), "list");
    EXPECT_EQ(got.invocation.globals.root, "/r");
    EXPECT_TRUE(got.invocation.globals.debug);
}

TEST(Parse, keeps_version_to_the_program) {
    EXPECT_TRUE(parsed({"--version"}).invocation.version);
    EXPECT_TRUE(parsed({"-v"}).invocation.version);
    EXPECT_EQ(parsed({"list", "-v"}).name(), "error: flag provided but not defined: -v");
}

TEST(Parse, lets_options_follow_an_id_but_not_that_of_kill) {
    EXPECT_TRUE(parsed({"delete", "web", "--force"}).invocation.force);
    const Parsed got = parsed({"kill", "web", "-a"});
    EXPECT_FALSE(got.invocation.all);
    EXPECT_THAT(got.invocation.arguments, ElementsAre("web", "-a"));
    EXPECT_THAT(parsed({"kill", "web", "-9"}).invocation.arguments, ElementsAre("web", "-9"));
    EXPECT_TRUE(parsed({"kill", "-a", "web", "9"}).invocation.all);
}

TEST(Parse, ends_options_at_two_dashes_and_at_a_number) {
    // A command has options of its own again.
    EXPECT_TRUE(parsed({"--", "list", "--quiet"}).invocation.quiet);
    EXPECT_THAT(parsed({"state", "--", "-x"}).invocation.arguments, ElementsAre("-x"));
    EXPECT_THAT(parsed({"state", "--", "--"}).invocation.arguments, ElementsAre("--"));
    EXPECT_THAT(parsed({"state", "-1", "--debug"}).invocation.arguments,
                ElementsAre("-1", "--debug"));
    EXPECT_THAT(parsed({"state", "-"}).invocation.arguments, ElementsAre("-"));
    EXPECT_THAT(parsed({"state", ""}).invocation.arguments, ElementsAre(""));
}

TEST(Parse, knows_help_in_every_spelling) {
    for (const auto& words :
         std::vector<std::vector<const char*>>{{"--help"}, {"-h"}, {"-help"}, {"help"}, {"h"}}) {
        const Parsed got = parsed(words);
        EXPECT_TRUE(got.invocation.help) << words[0];
        EXPECT_EQ(got.name(), "none") << words[0];
    }
    for (const auto& words : std::vector<std::vector<const char*>>{
             {"run", "--help"}, {"run", "-h"}, {"help", "run"}, {"--help", "run"}, {"h", "run"}}) {
        const Parsed got = parsed(words);
        EXPECT_TRUE(got.invocation.help) << words[0];
        EXPECT_EQ(got.name(), "run") << words[0];
    }
    // A container may have that name.
    EXPECT_THAT(parsed({"state", "help"}).invocation.arguments, ElementsAre("help"));
}

struct Refused {
    std::vector<const char*> words;
    const char* message;
};
void PrintTo(const Refused& row, std::ostream* out) {
    print_words(row.words, *out);
}
class ParseRefused : public testing::TestWithParam<Refused> {};

TEST_P(ParseRefused, is_named_in_the_error) {
    EXPECT_EQ(parsed(GetParam().words).name(), std::string{"error: "} + GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Words, ParseRefused,
    testing::Values(
        Refused{{"frob"}, "No help topic for 'frob'"},
        Refused{{"frob", "-h"}, "No help topic for 'frob'"},
        Refused{{"help", "frob"}, "No help topic for 'frob'"},
        Refused{{"fr\nob"}, "No help topic for 'fr\\x0aob'"},
        Refused{{"--frob", "list"}, "flag provided but not defined: -frob"},
        Refused{{"--criu", "x", "list"}, "flag provided but not defined: -criu"},
        Refused{{"list", "--frob=1"}, "flag provided but not defined: -frob"},
        Refused{{"list", "--bundle", "x"}, "flag provided but not defined: -bundle"},
        Refused{{"run", "-dk", "x"}, "flag provided but not defined: -dk"},
        Refused{{"run", "---d", "x"}, "flag provided but not defined: --d"},
        Refused{{"run", "--bundle"}, "flag needs an argument: --bundle"},
        Refused{{"run", "-b"}, "flag needs an argument: -b"},
        Refused{{"run", "--keep=maybe", "x"},
                "option --keep 'maybe': is a switch: must be true or false"},
        Refused{{"--log-format", "xml", "list"}, "option --log-format 'xml': must be text or json"},
        Refused{{"--root", "/", "list"}, "option --root '/': should not be set to /"},
        Refused{{"--root", "/a/..", "list"}, "option --root '/a/..': should not be set to /"},
        Refused{{"--rootless", "perhaps", "list"},
                "option --rootless 'perhaps': must be true, false or auto"},
        Refused{{"checkpoint", "--leave-running", "web"}, "'checkpoint' is not supported yet"},
        Refused{{"restore", "web"}, "'restore' is not supported yet"},
        Refused{{"--timeout", "0", "list"},
                "option --timeout '0': must be whole seconds from 1 to 86400"},
        Refused{{"--timeout", "1.5", "list"},
                "option --timeout '1.5': must be whole seconds from 1 to 86400"},
        Refused{{"--timeout", "86401", "list"},
                "option --timeout '86401': must be whole seconds from 1 to 86400"},
        Refused{{"run", "--preserve-fds", "-1", "x"},
                "option --preserve-fds '-1': must be a number of descriptors, 0 or more"},
        Refused{{"run", "--preserve-fds", "2147483647", "x"},
                "option --preserve-fds '2147483647': must be a number of descriptors, 0 or more"},
        Refused{{"run", "--preserve-fds", "3 ", "x"},
                "option --preserve-fds '3 ': must be a number of descriptors, 0 or more"},
        Refused{{"list", "-f", "yaml"}, "option --format 'yaml': must be table or json"}));

TEST(Parse, accepts_runcs_values_of_rootless) {
    for (const char* word : {"false", "auto", "AUTO", "", "0", "true", "1", "T"})
        EXPECT_EQ(parsed({"--rootless", word, "list"}).name(), "list") << word;
    EXPECT_FALSE(parsed({"spec", "--rootless=false"}).invocation.rootless_spec);
    EXPECT_TRUE(parsed({"spec", "--rootless"}).invocation.rootless_spec);
}

TEST(Parse, counts_the_timeout_in_seconds) {
    EXPECT_EQ(parsed({"--timeout", "2", "list"}).invocation.globals.deadline_ms, 2000);
    EXPECT_EQ(parsed({"--timeout=86400", "list"}).invocation.globals.deadline_ms, 86'400'000);
}

TEST(Parse, makes_the_root_absolute) {
    char here[PATH_MAX];
    ASSERT_NE(getcwd(here, sizeof here), nullptr);
    EXPECT_EQ(parsed({"--root", "a/./b/../c", "list"}).invocation.globals.root,
              std::string{here} + "/a/c");
    EXPECT_EQ(parsed({"--root", "/run//x/", "list"}).invocation.globals.root, "/run/x");
}

// The error must reach the log that was asked for.
TEST(Parse, keeps_what_came_before_a_mistake) {
    const Parsed got = parsed({"--log", "/l", "--log-format", "json", "run", "--frob"});
    EXPECT_FALSE(got.command);
    EXPECT_EQ(got.invocation.log_path, "/l");
    EXPECT_EQ(got.invocation.log_format, log::Format::Json);
}

TEST(CheckArguments, speaks_as_runc_does) {
    const auto complaint = [](const std::vector<const char*>& words) {
        const Parsed got = parsed(words);
        const auto checked = check_arguments(**got.command, got.invocation);
        return checked ? std::string{} : checked.error().message;
    };
    EXPECT_EQ(complaint({"state"}), "\"state\" requires exactly 1 argument(s)");
    EXPECT_EQ(complaint({"state", "a", "b"}), "\"state\" requires exactly 1 argument(s)");
    EXPECT_EQ(complaint({"list", "a"}), "\"list\" requires exactly 0 argument(s)");
    EXPECT_EQ(complaint({"kill"}), "\"kill\" requires a minimum of 1 argument(s)");
    EXPECT_EQ(complaint({"kill", "a", "b", "c"}), "\"kill\" requires a maximum of 2 argument(s)");
    EXPECT_EQ(complaint({"state", "a"}), "");
    EXPECT_EQ(complaint({"kill", "a", "b"}), "");
}

// A row without a way to be reached, or reached twice, is a mistake in a table.
TEST(Tables, name_every_option_once) {
    for (const Command& command : commands()) {
        EXPECT_EQ(find_command(command.name), &command);
        for (const Option& option : command.options) {
            EXPECT_EQ(find_option(command.options, option.name), &option) << option.name;
            if (option.letter != 0) {
                EXPECT_EQ(find_option(command.options, std::string(1, option.letter)), &option)
                    << option.name;
            }
        }
        EXPECT_NE(find_option(command.options, "help"), nullptr) << command.name;
    }
    EXPECT_EQ(find_option(kRunOptions, "x"), nullptr);
    EXPECT_EQ(find_option(kRunOptions, ""), nullptr);
}

}  // namespace
}  // namespace unitc::cli
