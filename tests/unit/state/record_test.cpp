// SPDX-License-Identifier: Apache-2.0
#include "state/record.hpp"

#include <cerrno>

#include <nlohmann/json.hpp>

#include "base/failure.hpp"
#include "state/sample.hpp"

namespace unitc::state {
namespace {

void expect_same(const std::vector<oci::Hook>& a, const std::vector<oci::Hook>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); ++i) {
        EXPECT_EQ(a[i].path, b[i].path);
        EXPECT_EQ(a[i].args, b[i].args);
        EXPECT_EQ(a[i].env, b[i].env);
        EXPECT_EQ(a[i].timeout, b[i].timeout);
    }
}

void expect_same(const Record& a, const Record& b) {
    EXPECT_EQ(a.phase, b.phase);
    EXPECT_EQ(a.id, b.id);
    EXPECT_EQ(a.oci_version, b.oci_version);
    EXPECT_EQ(a.bundle, b.bundle);
    EXPECT_EQ(a.rootfs, b.rootfs);
    EXPECT_EQ(a.created, b.created);
    EXPECT_EQ(a.annotations, b.annotations);
    EXPECT_EQ(a.owner_uid, b.owner_uid);
    EXPECT_EQ(a.boot_id, b.boot_id);
    EXPECT_EQ(a.unit, b.unit);
    EXPECT_EQ(a.cgroup, b.cgroup);
    EXPECT_EQ(a.invocation_id, b.invocation_id);
    EXPECT_EQ(a.init.pid, b.init.pid);
    EXPECT_EQ(a.init.start_time, b.init.start_time);
    EXPECT_EQ(a.init.pidfd_inode, b.init.pidfd_inode);
    EXPECT_EQ(a.private_pid_namespace, b.private_pid_namespace);
    expect_same(a.poststart, b.poststart);
    expect_same(a.poststop, b.poststop);
}

void expect_round_trip(const Record& record) {
    const auto back = deserialize(serialize(record));
    ASSERT_THAT(back, Succeeds());
    expect_same(*back, record);
}

// The sample's document after `change`, under a header that is right.
template <typename Change>
std::string forged(Change change) {
    const std::string text = serialize(sample_record());
    const size_t line = text.find('\n');
    auto header = nlohmann::json::parse(text.substr(0, line));
    auto document = nlohmann::json::parse(text.substr(line + 1));
    change(document);
    const std::string body = document.dump();
    uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, by the book
    for (const char c : body) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x100000001b3;
    }
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
    header["checksum"] = digits;
    header["size"] = body.size();
    return header.dump() + "\n" + body;
}

TEST(Record, ComesBackAsItWas) {
    expect_round_trip(sample_record());
    expect_round_trip(sample_record(Phase::Intent));
    expect_round_trip(sample_record(Phase::Deleting));
    Record bare;
    bare.id = "a";
    bare.unit = "unitc-a.scope";
    expect_round_trip(bare);
}

TEST(Record, KeepsPathsThatAreNoText) {
    Record record = sample_record();
    record.bundle = "/srv/\xff\xfe/\xc3";
    record.rootfs = std::string{"/a\0b", 4};
    record.annotations = {{"\x80", "\xed\xa0\x80"}};
    expect_round_trip(record);
}

Record record_with_hooks() {
    Record record = sample_record();
    record.poststart = {{"/bin/a", {"a", "\xff"}, std::nullopt, 5},
                        {"/bin/\xfe", {}, std::vector<std::string>{}, std::nullopt}};
    record.poststop = {{"/bin/b", {}, std::vector<std::string>{"X=1", "Y=\x80"}, INT32_MAX}};
    return record;
}

TEST(Record, KeepsTheHooksOfLater) {
    expect_round_trip(record_with_hooks());
    EXPECT_EQ(serialize(sample_record()).find("poststop"), std::string::npos);
}

TEST(Record, RefusesWhatIsNoHook) {
    using nlohmann::json;
    EXPECT_THAT(deserialize(forged([](json& d) { d["poststop"] = 1; })),
                FailsWith(EBADMSG, "'poststop' must be an array"));
    const json bad[] = {1,
                        json::object(),
                        {{"path", "/x"}},
                        {{"path", "x"}, {"args", json::array()}},
                        {{"path", "/x"}, {"args", json::array({1})}},
                        {{"path", "/x"}, {"args", json::array()}, {"env", "A=b"}},
                        {{"path", "/x"}, {"args", json::array()}, {"env", json::array({1})}},
                        {{"path", "/x"}, {"args", json::array()}, {"timeout", 0}},
                        {{"path", "/x"}, {"args", json::array()}, {"timeout", -1}},
                        {{"path", "/x"}, {"args", json::array()}, {"timeout", 4294967296}}};
    for (const json& hook : bad)
        EXPECT_THAT(deserialize(forged([&](json& d) { d["poststart"] = json::array({hook}); })),
                    FailsWith(EBADMSG, "'poststart' must hold hooks"))
            << hook;
}

TEST(Record, IsTwoLines) {
    const std::string text = serialize(sample_record());
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
    EXPECT_EQ(text.back(), '\n');
}

TEST(Record, IsRefusedWhenCutAnywhere) {
    const std::string whole = serialize(sample_record());
    for (size_t size = 0; size < whole.size(); ++size) {
        const auto record = deserialize(whole.substr(0, size));
        ASSERT_THAT(record, FailsWith(EBADMSG, size == 0 ? "is empty" : "is truncated")) << size;
    }
    EXPECT_THAT(deserialize(whole + "x"), FailsWith(EBADMSG, "is too long"));
}

TEST(Record, IsRefusedWithAWrongByteAnywhere) {
    const std::string whole = serialize(sample_record());
    for (size_t at = 0; at < whole.size(); ++at) {
        for (const int bit : {0x01, 0x20, 0x80}) {
            std::string wrong = whole;
            wrong[at] = static_cast<char>(wrong[at] ^ bit);
            ASSERT_THAT(deserialize(wrong), FailsWith(EBADMSG, "")) << at << " " << bit;
        }
    }
}

TEST(Record, NamesTheVersionItCannotRead) {
    std::string text = serialize(sample_record());
    const size_t at = text.find("\"version\":1");
    ASSERT_NE(at, std::string::npos);
    text.replace(at, 11, "\"version\":2");
    EXPECT_THAT(deserialize(text), FailsWith(EBADMSG, "has version 2, this unitc reads version 1"));
    // A later header may have other fields; the version is what counts.
    EXPECT_THAT(deserialize("{\"version\":7}\nwhatever"), FailsWith(EBADMSG, "has version 7"));
}

TEST(Record, RefusesWhatIsNoRecordAtAll) {
    for (const char* text :
         {"\n", "{}\n{}", "[]\n", "null\n{}\n", "\xff\xff\n", "{\"version\":1}\n",
          "{\"version\":-1}\n", "{\"version\":\"1\"}\n", "[[[[[[\n", "1e999\n"})
        EXPECT_THAT(deserialize(text), FailsWith(EBADMSG, "header")) << text;
    EXPECT_THAT(deserialize(std::string(200'000, '[') + "\n"), FailsWith(EBADMSG, "has no header"));
}

TEST(Record, NamesTheFieldThatIsWrong) {
    using nlohmann::json;
    struct Case {
        const char* field;
        json value;
        const char* message;
    };
    const Case cases[] = {
        {"phase", "running", "'phase' must be intent, created or deleting"},
        {"id", 5, "'id' must be a string"},
        {"id", "../x", "'id' is no container id"},
        {"id", json{{"hex", "abc"}}, "'id' must be a string"},
        {"id", json{{"hex", "zz"}}, "'id' must be a string"},
        {"id", json{{"hex", "77"}, {"x", 1}}, "'id' must be a string"},
        {"bundle", nullptr, "'bundle' must be a string"},
        {"annotations", "x", "'annotations' must be an array"},
        {"annotations", json::array({1}), "'annotations' must hold pairs"},
        {"annotations", json::array({json::array({"a", 1})}), "must hold pairs of strings"},
        {"ownerUid", -1, "'ownerUid' must be a whole number in its range"},
        {"ownerUid", uint64_t{1} << 32, "'ownerUid' must be a whole number in its range"},
        {"unit", "", "'unit' is empty"},
        {"cgroup", "x.scope", "'cgroup' is no clean absolute path"},
        {"cgroup", "/a/../../b", "'cgroup' is no clean absolute path"},
        {"cgroup", "", "'phase' is created, but there is no process or no cgroup"},
        {"pid", 0, "'phase' is created, but there is no process or no cgroup"},
        {"pid", uint64_t{1} << 31, "'pid' must be a whole number in its range"},
        {"startTime", 1.5, "'startTime' must be a whole number"},
        {"privatePidNamespace", 1, "'privatePidNamespace' must be true or false"},
    };
    for (const Case& c : cases)
        EXPECT_THAT(deserialize(forged([&](json& document) { document[c.field] = c.value; })),
                    FailsWith(EBADMSG, c.message))
            << c.field << " " << c.value;
}

TEST(Record, NeedsEveryField) {
    nlohmann::json document;
    const std::string same = forged([&](nlohmann::json& d) { document = d; });
    ASSERT_THAT(deserialize(same), Succeeds());
    // Later than the others: older records do without.
    EXPECT_EQ(document.erase("keyring"), 1);
    ASSERT_EQ(document.size(), 16);
    for (const auto& [name, value] : document.items()) {
        const std::string field = name;
        EXPECT_THAT(deserialize(forged([&](nlohmann::json& d) { d.erase(field); })),
                    FailsWith(EBADMSG, "'" + field + "' is missing"));
    }
}

TEST(Record, KeepsTheGroupOfIntelRdtWhereThereIsOne) {
    Record record = sample_record();
    EXPECT_EQ(serialize(record).find("rdt"), std::string::npos);
    record.rdt_group = "gold/mon_groups/web";
    record.rdt_made = "gold";
    const Record again = deserialize(serialize(record)).value();
    EXPECT_EQ(again.rdt_group, record.rdt_group);
    EXPECT_EQ(again.rdt_made, record.rdt_made);
}

TEST(Record, KeepsTheSocketForNotificationsWhereThereIsOne) {
    Record record = sample_record();
    EXPECT_EQ(serialize(record).find("notify"), std::string::npos);
    record.notify_socket = "/run/notify/notify.sock";
    EXPECT_EQ(deserialize(serialize(record)).value().notify_socket, record.notify_socket);
    EXPECT_FALSE(deserialize(serialize(record)).value().ready_started);
    record.ready_started = true;
    EXPECT_TRUE(deserialize(serialize(record)).value().ready_started);
}

TEST(Record, KeepsTheHomeOfAServiceOfItsOwn) {
    Record record = sample_record();
    EXPECT_EQ(serialize(record).find("\"home\""), std::string::npos);
    record.home = "/run/unitc/web";
    EXPECT_EQ(deserialize(serialize(record)).value().home, record.home);
}

TEST(Record, KeepsTheServiceWhoseCgroupItIsInWhereThereIsOne) {
    Record record = sample_record();
    EXPECT_EQ(serialize(record).find("\"service\""), std::string::npos);
    record.service = "web.service";
    record.part_of = "web.service";
    record.service_invocation = "0123456789abcdef0123456789abcdef";
    const Record again = deserialize(serialize(record)).value();
    EXPECT_EQ(again.service, record.service);
    EXPECT_EQ(again.part_of, record.part_of);
    EXPECT_EQ(again.service_invocation, record.service_invocation);
}

TEST(Record, OverlooksFieldsOfANewerOne) {
    EXPECT_THAT(deserialize(forged([](nlohmann::json& d) { d["later"] = 1; })), Succeeds());
}

TEST(Record, RefusesADocumentThatIsNoObject) {
    EXPECT_THAT(deserialize(forged([](nlohmann::json& d) { d = 5; })),
                FailsWith(EBADMSG, "is no JSON object"));
}

}  // namespace
}  // namespace unitc::state
