// SPDX-License-Identifier: Apache-2.0
#include "state/store.hpp"

#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/failure.hpp"
#include "base/temporary.hpp"
#include "state/claimer.hpp"
#include "state/sample.hpp"
#include "sys/file.hpp"
#include "sys/socket.hpp"

namespace unitc::state {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ContainerId id_of(const char* text) {
    return *ContainerId::parse(text);
}

bool exists(const std::string& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0;
}

mode_t mode_of(const std::string& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

// Waits until the process has opened the file.
bool has_open(pid_t pid, const std::string& path) {
    const Deadline deadline = Deadline::in_ms(10'000);
    while (!deadline.passed()) {
        for (int fd = 3; fd < 16; ++fd) {
            const std::string link = "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd);
            char target[512];
            const ssize_t length = ::readlink(link.c_str(), target, sizeof target);
            if (length > 0 && std::string_view(target, static_cast<size_t>(length)) == path)
                return true;
        }
        ::sched_yield();
    }
    return false;
}

class StoreTest : public testing::Test {
protected:
    std::string root() const { return directory_ / "root"; }
    Store open() const { return *Store::open(root(), Store::Make::Yes); }
    Deadline soon() const { return Deadline::in_ms(5000); }
    std::vector<std::string> names() const {
        std::vector<std::string> names;
        const auto ids = open().ids();
        for (const ContainerId& id : *ids)
            names.push_back(id.str());
        return names;
    }
    const ContainerId web_ = id_of("web");
    TemporaryDirectory directory_;
};

TEST_F(StoreTest, MakesItsRootWithTheModesItPromises) {
    const mode_t old = ::umask(077);
    const auto store = Store::open(directory_ / "deep/er/root", Store::Make::Yes);
    ::umask(old);
    ASSERT_THAT(store, Succeeds());
    EXPECT_EQ(mode_of(directory_ / "deep/er/root"), 0711);
}

TEST_F(StoreTest, LeavesAnExistingRootsModeAlone) {
    ASSERT_EQ(::mkdir(root().c_str(), 0700), 0);
    ASSERT_THAT(Store::open(root(), Store::Make::Yes), Succeeds());
    EXPECT_EQ(mode_of(root()), 0700);
}

TEST_F(StoreTest, OpensNoMissingRootUnlessToldTo) {
    EXPECT_THAT(Store::open(root(), Store::Make::No), FailsWith(ENOENT, root()));
    EXPECT_FALSE(exists(root()));
}

TEST_F(StoreTest, RefusesRootsThatAreNotItsOwn) {
    for (const char* path : {"/", "//", "/..", "/tmp/..", "", "relative"})
        EXPECT_THAT(Store::open(path, Store::Make::Yes), FailsWith(0, "must be an absolute path"));
    const std::string link = directory_ / "link";
    ASSERT_EQ(::symlink("/", link.c_str()), 0);
    EXPECT_THAT(Store::open(link, Store::Make::No), FailsWith(0, "is the root directory"));
    ASSERT_EQ(::mkdir(root().c_str(), 0700), 0);
    ASSERT_EQ(::chmod(root().c_str(), 0720), 0);
    EXPECT_THAT(Store::open(root(), Store::Make::No), FailsWith(0, "is writable by others"));
    ASSERT_EQ(::chmod(root().c_str(), 0702), 0);
    EXPECT_THAT(Store::open(root(), Store::Make::No), FailsWith(0, "is writable by others"));
    ASSERT_EQ(::chmod(root().c_str(), 0700), 0);
    if (::geteuid() != 0)
        GTEST_SKIP() << "needs root to give directories away";
    ASSERT_EQ(::chown(root().c_str(), 1, 1), 0);
    EXPECT_THAT(Store::open(root(), Store::Make::No), FailsWith(0, "belongs to uid 1"));
}

TEST_F(StoreTest, ClaimsAnIdOnce) {
    Store store = open();
    const auto entry = store.claim(web_);
    ASSERT_THAT(entry, Succeeds());
    EXPECT_EQ(mode_of(root() + "/web"), 0700);
    EXPECT_THAT(store.claim(web_), FailsWith(EEXIST, "container with given ID already exists"));
}

TEST_F(StoreTest, GivesAnIdToOneOfSeveralProcesses) {
    for (int round = 0; round < 10; ++round) {
        std::vector<Process> processes;
        for (int i = 0; i < 8; ++i)
            processes.push_back(claimer("claim", root(), "web"));
        std::vector<std::string> lines;
        for (Process& process : processes)
            lines.push_back(process.line());
        EXPECT_EQ(std::count(lines.begin(), lines.end(), "claimed"), 1);
        EXPECT_EQ(std::count(lines.begin(), lines.end(), "container with given ID already exists"),
                  7);
        processes.clear();
        ASSERT_THAT(open().find(web_, soon())->remove(), Succeeds());
    }
}

TEST_F(StoreTest, IsBusyWhileAnotherHoldsTheLock) {
    Process other = claimer("claim", root(), "web");
    ASSERT_EQ(other.line(), "claimed");
    const int64_t before = monotonic_us();
    EXPECT_THAT(open().find(web_, Deadline::in_ms(50)),
                FailsWith(EBUSY, "container 'web' is busy"));
    const int64_t took_ms = (monotonic_us() - before) / 1000;
    EXPECT_GE(took_ms, 50);
    EXPECT_LT(took_ms, 2000);
}

TEST_F(StoreTest, FreesTheLockOfAKilledProcess) {
    Process other = claimer("claim", root(), "web");
    ASSERT_EQ(other.line(), "claimed");
    other.kill();
    auto entry = open().find(web_, soon());
    ASSERT_THAT(entry, Succeeds());
    // It died before it wrote anything: told apart from damage.
    EXPECT_THAT(entry->load(), FailsWith(ENOENT, root() + "/web/state.json"));
    EXPECT_THAT(entry->remove(), Succeeds());
    EXPECT_THAT(names(), IsEmpty());
}

TEST_F(StoreTest, FreesTheLockEvenWhereAChildInheritedIt) {
    Store store = open();
    auto entry = store.claim(web_);
    ASSERT_THAT(entry, Succeeds());
    // What a clone without exec has: copies of every descriptor.
    std::vector<Fd> inherited;
    for (int fd = 3; fd < 64; ++fd)
        if (auto copy = sys::duplicate(fd))
            inherited.push_back(*std::move(copy));
    { const Entry ends = *std::move(entry); }
    EXPECT_THAT(store.find(web_, Deadline::in_ms(50)), Succeeds());
}

TEST_F(StoreTest, FindsNothingUnknown) {
    EXPECT_THAT(open().find(web_, soon()), FailsWith(ENOENT, "container does not exist"));
    EXPECT_THAT(open().open_dir(web_), FailsWith(ENOENT, "container does not exist"));
    EXPECT_THAT(*open().peek(web_), testing::Eq(std::nullopt));
}

TEST_F(StoreTest, SavesAndLoads) {
    Store store = open();
    {
        auto entry = store.claim(web_);
        ASSERT_THAT(entry->save(sample_record(Phase::Intent)), Succeeds());
        ASSERT_THAT(entry->save(sample_record()), Succeeds());
    }
    EXPECT_EQ(mode_of(root() + "/web/state.json"), 0600);
    const auto entry = store.find(web_, soon());
    ASSERT_THAT(entry, Succeeds());
    const auto record = entry->load();
    ASSERT_THAT(record, Succeeds());
    EXPECT_EQ(serialize(*record), serialize(sample_record()));
    const auto peeked = store.peek(web_);
    ASSERT_TRUE(peeked && *peeked);
    EXPECT_EQ(serialize(**peeked), serialize(sample_record()));
}

TEST_F(StoreTest, KeepsTheConfigWordForWord) {
    Store store = open();
    const std::string text = "{\"a\": \"\xff\n\"}";
    EXPECT_EQ(store.load_config(id_of("web")).error().code, ENOENT);
    auto entry = store.claim(id_of("web"));
    ASSERT_TRUE(entry) << entry.error().message;
    EXPECT_EQ(store.load_config(id_of("web")).error().code, ENOENT);
    ASSERT_TRUE(entry->save_config(text));
    EXPECT_EQ(mode_of(root() + "/web/config.json"), mode_t{0600});
    EXPECT_EQ(store.load_config(id_of("web")), text);
    ASSERT_TRUE(entry->remove());
    EXPECT_FALSE(exists(root() + "/web"));
}

TEST_F(StoreTest, NamesTheFileThatIsDamaged) {
    Store store = open();
    auto entry = store.claim(web_);
    ASSERT_THAT(entry->save(sample_record()), Succeeds());
    const std::string file = root() + "/web/state.json";
    ASSERT_EQ(::truncate(file.c_str(), 60), 0);
    EXPECT_THAT(entry->load(), FailsWith(EBADMSG, "'" + file + "' is truncated"));
    EXPECT_THAT(store.peek(web_), FailsWith(EBADMSG, "'" + file + "' is truncated"));
    EXPECT_THAT(entry->remove(), Succeeds());
    EXPECT_FALSE(exists(root() + "/web"));
}

TEST_F(StoreTest, KeepsRecordsWhereTheyBelong) {
    Store store = open();
    auto entry = store.claim(web_);
    auto other = store.claim(id_of("db"));
    Record record = sample_record();
    EXPECT_THAT(other->save(record), FailsWith(0, "record of 'web' saved as 'db'"));
    ASSERT_THAT(entry->save(record), Succeeds());
    ASSERT_EQ(::rename((root() + "/web/state.json").c_str(), (root() + "/db/state.json").c_str()),
              0);
    EXPECT_THAT(other->load(), FailsWith(EBADMSG, "is the record of 'web'"));
}

TEST_F(StoreTest, RemovesEverythingAndFollowsNothing) {
    Store store = open();
    auto entry = store.claim(web_);
    ASSERT_THAT(entry->save(sample_record()), Succeeds());
    ASSERT_THAT(sys::listen_unix_at(entry->dir(), kStartSocket, SOCK_SEQPACKET, 0600), Succeeds());
    const std::string precious = directory_ / "precious";
    ASSERT_EQ(::mkdir(precious.c_str(), 0700), 0);
    ASSERT_EQ(::mkdir((precious + "/kept").c_str(), 0700), 0);
    ASSERT_EQ(::mkdir((root() + "/web/a").c_str(), 0), 0);
    ASSERT_EQ(::mkdir((root() + "/web/a/b").c_str(), 0), 0);
    ASSERT_EQ(::symlink(precious.c_str(), (root() + "/web/a/b/link").c_str()), 0);
    ASSERT_EQ(::symlink("/", (root() + "/web/up").c_str()), 0);
    EXPECT_THAT(entry->remove(), Succeeds());
    EXPECT_TRUE(exists(precious + "/kept"));
    EXPECT_EQ(::rmdir(root().c_str()), 0) << "something was left";
}

TEST_F(StoreTest, RemovesAgainWithoutHarm) {
    Store store = open();
    auto entry = store.claim(web_);
    ASSERT_THAT(entry->remove(), Succeeds());
    EXPECT_THAT(entry->remove(), Succeeds());
    // The id is somebody else's by now.
    auto next = store.claim(web_);
    ASSERT_THAT(next->save(sample_record()), Succeeds());
    EXPECT_THAT(entry->remove(), Succeeds());
    EXPECT_THAT(next->load(), Succeeds());
    EXPECT_THAT(names(), ElementsAre("web"));
}

TEST_F(StoreTest, ClearsWhatAKilledRemovalLeft) {
    Store store = open();
    const std::string garbage = root() + "/.deleted:web";
    const auto leave = [&] {
        ASSERT_EQ(::mkdir(garbage.c_str(), 0700), 0);
        ASSERT_EQ(::mkdir((garbage + "/x").c_str(), 0700), 0);
    };
    leave();
    EXPECT_THAT(names(), IsEmpty());
    EXPECT_THAT(store.find(web_, soon()), FailsWith(ENOENT, "container does not exist"));
    EXPECT_FALSE(exists(garbage));
    leave();
    auto entry = store.claim(web_);
    ASSERT_THAT(entry->save(sample_record()), Succeeds());
    EXPECT_THAT(entry->remove(), Succeeds());
    EXPECT_FALSE(exists(garbage));
    EXPECT_FALSE(exists(root() + "/web"));
}

TEST_F(StoreTest, RemovesAnIdThatFillsItsName) {
    Store store = open();
    const std::string longest(255, 'x');
    auto entry = store.claim(id_of(longest.c_str()));
    ASSERT_THAT(entry, Succeeds());
    EXPECT_THAT(entry->remove(), Succeeds());
    EXPECT_EQ(::rmdir(root().c_str()), 0);
}

TEST_F(StoreTest, LetsOneOfSeveralRemoversWin) {
    for (int round = 0; round < 10; ++round) {
        ASSERT_THAT(open().claim(web_)->save(sample_record()), Succeeds());
        std::vector<Process> processes;
        for (int i = 0; i < 6; ++i)
            processes.push_back(claimer("remove", root(), "web"));
        std::vector<std::string> lines;
        for (Process& process : processes)
            lines.push_back(process.line());
        EXPECT_EQ(std::count(lines.begin(), lines.end(), "removed"), 1);
        EXPECT_EQ(std::count(lines.begin(), lines.end(), "container does not exist"), 5);
    }
    EXPECT_EQ(::rmdir(root().c_str()), 0);
}

TEST_F(StoreTest, SeesThatWhatItWaitedForIsGone) {
    Store store = open();
    auto holder = store.claim(web_);
    Process remover = claimer("remove", root(), "web");
    ASSERT_TRUE(has_open(remover.pid(), root() + "/web")) << "it waits for the lock";
    ASSERT_THAT(holder->remove(), Succeeds());
    // The name is taken anew, so that only the directories tell apart.
    auto next = store.claim(web_);
    ASSERT_THAT(next, Succeeds());
    { const Entry ends = *std::move(holder); }
    ASSERT_TRUE(has_open(remover.pid(), root() + "/web")) << "it waits for the new one";
    ASSERT_THAT(next->remove(), Succeeds());
    { const Entry ends = *std::move(next); }
    EXPECT_EQ(remover.line(), "container does not exist");
}

TEST_F(StoreTest, ListsOnlyContainers) {
    Store store = open();
    for (const char* id : {"b", "a", "c.d"})
        ASSERT_THAT(store.claim(id_of(id)), Succeeds());
    ASSERT_EQ(::mkdir((root() + "/" + kSeccompCache).c_str(), 0700), 0);
    ASSERT_EQ(::mkdir((root() + "/.deleted:x").c_str(), 0700), 0);
    const Fd file = *sys::open_at(AT_FDCWD, (root() + "/file").c_str(), O_CREAT | O_WRONLY, 0600);
    ASSERT_EQ(::symlink("a", (root() + "/link").c_str()), 0);
    EXPECT_THAT(names(), ElementsAre("a", "b", "c.d"));
    EXPECT_THAT(*store.peek(id_of("a")), testing::Eq(std::nullopt)) << "nothing saved yet";
    EXPECT_THAT(*store.peek(id_of("file")), testing::Eq(std::nullopt));
}

TEST_F(StoreTest, FollowsNoSymlinkToAContainer) {
    Store store = open();
    ASSERT_THAT(store.claim(web_)->save(sample_record()), Succeeds());
    ASSERT_EQ(::symlink("web", (root() + "/link").c_str()), 0);
    EXPECT_FALSE(store.find(id_of("link"), soon()));
    EXPECT_FALSE(store.open_dir(id_of("link")));
}

}  // namespace
}  // namespace unitc::state
