// SPDX-License-Identifier: Apache-2.0
// The verbs on a state directory of their own, with records of a boot long
// gone: no systemd, no root. What needs those is in tests/system.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/log.hpp"
#include "ops/ops.hpp"
#include "ops/removal.hpp"
#include "state/store.hpp"
#include "sys/file.hpp"

namespace unitc::ops {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Verbs : public testing::Test {
protected:
    void SetUp() override {
        char pattern[] = "/tmp/unitc-ops-XXXXXX";
        ASSERT_NE(mkdtemp(pattern), nullptr);
        directory_ = pattern;
        globals_.root = directory_ + "/root";
        globals_.root_given = true;
        globals_.deadline_ms = 2000;
    }
    void TearDown() override {
        const std::string command = "rm -rf '" + directory_ + "'";
        EXPECT_EQ(std::system(command.c_str()), 0);
    }

    static ContainerId id_of(const std::string& id) { return *ContainerId::parse(id); }

    // A container of an earlier boot: nothing of it can be alive.
    state::Record record(const std::string& id) const {
        state::Record record;
        record.phase = state::Phase::Created;
        record.id = id;
        record.oci_version = "1.2.0";
        record.bundle = "/b";
        record.rootfs = "/b/rootfs";
        record.created = "2026-01-02T03:04:05.678901234Z";
        record.owner_uid = geteuid();
        record.boot_id = "00000000-0000-0000-0000-000000000000";
        record.unit = "unitc-" + id + ".scope";
        record.cgroup = "/system.slice/unitc-" + id + ".scope";
        record.init.pid = 1;
        return record;
    }

    static ExecRequest exec_of(const std::string& id) {
        ExecRequest request;
        request.id = id;
        request.args = {"true"};
        return request;
    }

    void add(const state::Record& record) const {
        auto store = state::Store::open(globals_.root, state::Store::Make::Yes);
        ASSERT_TRUE(store) << store.error().message;
        auto entry = store->claim(id_of(record.id));
        ASSERT_TRUE(entry) << entry.error().message;
        ASSERT_TRUE(entry->save(record));
    }

    void add_damaged(const std::string& id) const {
        add(record(id));
        const std::string file = globals_.root + "/" + id + "/state.json";
        ASSERT_EQ(truncate(file.c_str(), 20), 0);
    }

    bool exists(const std::string& id) const {
        struct stat facts {};
        return lstat((globals_.root + "/" + id).c_str(), &facts) == 0;
    }

    template <typename T>
    static std::string error(const Result<T>& result) {
        return result ? "" : result.error().message;
    }

    std::string directory_;
    Globals globals_;
};

TEST_F(Verbs, tell_runcs_words_for_an_unknown_container) {
    // Without a state directory, and with one.
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(error(state(globals_, "web")), "container does not exist");
        EXPECT_EQ(error(kill(globals_, "web", "TERM", false)), "container does not exist");
        EXPECT_EQ(error(exec(globals_, exec_of("web"))), "container does not exist");
        EXPECT_EQ(error(ps(globals_, "web", PsFormat::Json, {})), "container does not exist");
        EXPECT_EQ(error(remove(globals_, "web", false, false)), "container does not exist");
        EXPECT_EQ(error(kill(globals_, "web", "TERM", true)), "container does not exist");
        EXPECT_EQ(error(remove(globals_, "web", true, false)), "");
        EXPECT_EQ(error(pause(globals_, "web")), "container does not exist");
        EXPECT_EQ(error(resume(globals_, "web")), "container does not exist");
        UpdateRequest request;
        request.id = "web";
        EXPECT_EQ(error(update(globals_, request)), "container does not exist");
        EXPECT_EQ(error(events(globals_, {"web"}, nullptr)), "container does not exist");
        add(record("other"));
        if (HasFatalFailure())
            return;
        globals_.root_given = false;
        ASSERT_EQ(error(remove(globals_, "other", true, false)), "");
    }
}

TEST_F(Verbs, refuse_what_is_no_id) {
    for (const char* id : {"", ".", "..", "a/b", "../x", "a b"}) {
        EXPECT_THAT(error(state(globals_, id)), HasSubstr("id")) << id;
        EXPECT_THAT(error(exec(globals_, exec_of(id))), HasSubstr("id")) << id;
        EXPECT_THAT(error(ps(globals_, id, PsFormat::Json, {})), HasSubstr("id")) << id;
        EXPECT_THAT(error(kill(globals_, id, "TERM", true)), HasSubstr("id")) << id;
        EXPECT_THAT(error(remove(globals_, id, true, false)), HasSubstr("id")) << id;
    }
}

TEST_F(Verbs, know_that_a_reboot_ended_the_container) {
    add(record("web"));
    const auto document = state(globals_, "web");
    ASSERT_TRUE(document) << document.error().message;
    EXPECT_THAT(*document, HasSubstr("\"status\": \"stopped\""));
    EXPECT_THAT(*document, HasSubstr("\"pid\": 0,"));
    EXPECT_THAT(*document, HasSubstr("\"bundle\": \"/b\""));
    EXPECT_EQ(error(exec(globals_, exec_of("web"))), "cannot exec in a stopped container");
    EXPECT_EQ(ps(globals_, "web", PsFormat::Json, {}), "null\n");
}

TEST_F(Verbs, list_all_but_the_damaged_one) {
    add(record("b"));
    add_damaged("c");
    add(record("a"));
    log::configure(-1, log::Format::Text, log::Level::Error);
    EXPECT_EQ(list(globals_, ListFormat::Quiet), "a\nb\n");
    EXPECT_THAT(*list(globals_, ListFormat::Table), HasSubstr("\na           0           stopped"));
    EXPECT_THAT(*list(globals_, ListFormat::Json),
                HasSubstr("},{\"ociVersion\":\"1.2.0\",\"id\":\"b\""));
    log::configure(STDERR_FILENO, log::Format::Text, log::Level::Info);
}

TEST_F(Verbs, warn_about_what_is_not_listed) {
    add_damaged("c");
    testing::internal::CaptureStderr();
    EXPECT_EQ(list(globals_, ListFormat::Quiet), "");
    EXPECT_THAT(testing::internal::GetCapturedStderr(),
                HasSubstr("level=warning msg=\"container 'c' is not listed: "));
}

TEST_F(Verbs, list_a_missing_root_only_if_it_is_the_default) {
    globals_.root_given = false;
    EXPECT_EQ(list(globals_, ListFormat::Json), "null\n");
    globals_.root_given = true;
    EXPECT_THAT(error(list(globals_, ListFormat::Json)), HasSubstr(globals_.root));
    struct stat facts {};
    EXPECT_NE(stat(globals_.root.c_str(), &facts), 0) << "list made the directory";
}

TEST_F(Verbs, kill_nobody_for_a_stopped_container) {
    add(record("web"));
    EXPECT_EQ(error(kill(globals_, "web", "KILL", false)), "container not running");
    EXPECT_EQ(error(kill(globals_, "web", "0", false)), "container not running");
    EXPECT_EQ(error(kill(globals_, "web", "KILL", true)), "");
    EXPECT_EQ(error(kill(globals_, "web", "NOPE", true)), "unknown signal \"NOPE\"");
}

TEST_F(Verbs, change_nothing_of_a_stopped_container) {
    add(record("web"));
    UpdateRequest request;
    request.id = "web";
    request.pids_limit = 5;
    const PrintLine print = [](std::string_view) -> Result<> { return fail("printed"); };
    EXPECT_EQ(error(pause(globals_, "web")), "container not running");
    EXPECT_EQ(error(resume(globals_, "web")), "container not paused");
    EXPECT_EQ(error(update(globals_, request)), "container not running");
    EXPECT_EQ(error(events(globals_, {"web"}, print)), "container with id web is not running");
}

TEST_F(Verbs, kill_nobody_for_a_stopped_container_without_pid_namespace) {
    state::Record shared = record("web");
    shared.private_pid_namespace = false;
    add(shared);
    EXPECT_EQ(error(kill(globals_, "web", "KILL", false)), "container not running");
    EXPECT_EQ(error(kill(globals_, "web", "KILL", true)), "");
}

TEST_F(Verbs, name_the_file_of_a_damaged_record) {
    add_damaged("web");
    const std::string file = globals_.root + "/web/state.json";
    EXPECT_THAT(error(state(globals_, "web")), HasSubstr(file));
    EXPECT_THAT(error(kill(globals_, "web", "TERM", false)), HasSubstr(file));
    EXPECT_THAT(error(remove(globals_, "web", false, false)),
                testing::AllOf(HasSubstr(file), HasSubstr("--force")));
    EXPECT_TRUE(exists("web"));
}

TEST_F(Verbs, delete_a_stopped_container_and_nothing_else) {
    add(record("web"));
    add(record("web2"));
    EXPECT_EQ(error(remove(globals_, "web", false, false)), "");
    EXPECT_FALSE(exists("web"));
    EXPECT_TRUE(exists("web2"));
    EXPECT_EQ(error(remove(globals_, "web2", true, false)), "");
    EXPECT_EQ(list(globals_, ListFormat::Quiet), "");
}

TEST_F(Verbs, delete_what_was_only_begun) {
    state::Record intent = record("web");
    intent.phase = state::Phase::Intent;
    intent.cgroup.clear();
    intent.init = {};
    add(intent);
    EXPECT_EQ(error(remove(globals_, "web", false, false)), "");
    EXPECT_FALSE(exists("web"));
}

TEST_F(Verbs, delete_what_a_killed_delete_left) {
    state::Record half = record("web");
    half.phase = state::Phase::Deleting;
    add(half);
    EXPECT_EQ(error(remove(globals_, "web", false, false)), "");
    EXPECT_FALSE(exists("web"));
}

TEST_F(Verbs, delete_their_own_container_but_not_its_successor) {
    state::Record own = record("web");
    state::Record successor = own;
    successor.init.start_time = own.init.start_time + 1;
    add(successor);
    EXPECT_EQ(error(remove_recorded(globals_, own)), "");
    EXPECT_TRUE(exists("web"));
    EXPECT_EQ(error(remove_recorded(globals_, successor)), "");
    EXPECT_FALSE(exists("web"));
    EXPECT_EQ(error(remove_recorded(globals_, own)), "");
}

TEST_F(Verbs, describe_the_runtime) {
    const auto document = features();
    ASSERT_TRUE(document) << document.error().message;
    EXPECT_THAT(*document, HasSubstr("\"ociVersionMax\": \"1.3.0\""));
    EXPECT_THAT(*document, HasSubstr("\"io.github.seccomp.libseccomp.version\": \"2."));
}

TEST_F(Verbs, wait_for_a_busy_container_no_longer_than_the_deadline) {
    add(record("web"));
    globals_.deadline_ms = 50;
    auto store = state::Store::open(globals_.root, state::Store::Make::No);
    ASSERT_TRUE(store);
    const auto held = store->find(id_of("web"), Deadline::in_ms(1000));
    ASSERT_TRUE(held);
    EXPECT_THAT(error(remove(globals_, "web", true, false)), HasSubstr("is busy"));
    EXPECT_THAT(error(kill(globals_, "web", "TERM", true)), HasSubstr("is busy"));
    // state and list wait for nobody.
    EXPECT_EQ(error(state(globals_, "web")), "");
    EXPECT_EQ(list(globals_, ListFormat::Quiet), "web\n");
}

TEST_F(Verbs, write_a_config_but_never_over_one) {
    EXPECT_EQ(error(spec(directory_, false)), "");
    const std::string file = directory_ + "/config.json";
    const auto written = sys::read_file(AT_FDCWD, file.c_str());
    ASSERT_TRUE(written);
    EXPECT_THAT(*written, HasSubstr("\"ociVersion\""));
    ASSERT_EQ(truncate(file.c_str(), 3), 0);
    EXPECT_EQ(error(spec(directory_, false)), "File config.json exists. Remove it first");
    EXPECT_EQ(sys::read_file(AT_FDCWD, file.c_str())->size(), 3u);
    EXPECT_THAT(error(spec(directory_ + "/none", false)), HasSubstr(directory_ + "/none"));
}

TEST_F(Verbs, write_no_config_through_a_link) {
    ASSERT_EQ(symlink((directory_ + "/elsewhere").c_str(), (directory_ + "/config.json").c_str()),
              0);
    EXPECT_EQ(error(spec(directory_, false)), "File config.json exists. Remove it first");
    struct stat facts {};
    EXPECT_NE(lstat((directory_ + "/elsewhere").c_str(), &facts), 0);
}

}  // namespace
}  // namespace unitc::ops
