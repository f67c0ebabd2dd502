// SPDX-License-Identifier: Apache-2.0
// The formats of `state` and `list`, byte for byte as runc prints them.
#include "ops/view.hpp"

#include <gtest/gtest.h>

namespace unitc::ops {
namespace {

state::Record record() {
    state::Record record;
    record.id = "web";
    record.oci_version = "1.2.0";
    record.bundle = "/b";
    record.rootfs = "/b/rootfs";
    record.created = "2026-01-02T03:04:05.678901234Z";
    record.init.pid = 4711;
    return record;
}

TEST(View, is_the_document_of_state) {
    state::Record annotated = record();
    annotated.annotations = {{"z", "last"}, {"a\"b", "x\ny"}};
    EXPECT_EQ(to_json(make_view(annotated, state::Status::Running)),
              R"({
  "ociVersion": "1.2.0",
  "id": "web",
  "pid": 4711,
  "status": "running",
  "bundle": "/b",
  "rootfs": "/b/rootfs",
  "created": "2026-01-02T03:04:05.678901234Z",
  "annotations": {
    "a\"b": "x\ny",
    "z": "last"
  },
  "owner": "root"
})");
}

TEST(View, has_no_pid_when_stopped_and_no_key_without_annotations) {
    EXPECT_EQ(to_json(make_view(record(), state::Status::Stopped)),
              R"({
  "ociVersion": "1.2.0",
  "id": "web",
  "pid": 0,
  "status": "stopped",
  "bundle": "/b",
  "rootfs": "/b/rootfs",
  "created": "2026-01-02T03:04:05.678901234Z",
  "owner": "root"
})");
}

TEST(View, lists_as_one_line_of_json) {
    state::Record second = record();
    second.id = "db";
    second.owner_uid = 4'000'000'000;
    second.annotations = {{"k", "v"}, {"l", "w"}};
    EXPECT_EQ(to_json(std::vector<View>{make_view(record(), state::Status::Created),
                                        make_view(second, state::Status::Paused)}),
              R"([{"ociVersion":"1.2.0","id":"web","pid":4711,"status":"created","bundle":"/b",)"
              R"("rootfs":"/b/rootfs","created":"2026-01-02T03:04:05.678901234Z","owner":"root"},)"
              R"({"ociVersion":"1.2.0","id":"db","pid":4711,"status":"paused","bundle":"/b",)"
              R"("rootfs":"/b/rootfs","created":"2026-01-02T03:04:05.678901234Z",)"
              R"("annotations":{"k":"v","l":"w"},"owner":"#4000000000"}])"
              "\n");
}

TEST(View, lists_nothing_as_null_and_as_a_bare_head) {
    EXPECT_EQ(to_json(std::vector<View>{}), "null\n");
    EXPECT_EQ(to_table({}), "ID          PID         STATUS      BUNDLE      CREATED     OWNER\n");
}

TEST(View, aligns_the_columns_of_the_table) {
    state::Record second = record();
    second.id = "a-longer-name";
    second.bundle = "/bündel";
    EXPECT_EQ(to_table({make_view(record(), state::Status::Running),
                        make_view(second, state::Status::Stopped)}),
              "ID              PID         STATUS      BUNDLE      CREATED                         "
              " OWNER\n"
              "web             4711        running     /b          2026-01-02T03:04:05.678901234Z  "
              " root\n"
              "a-longer-name   0           stopped     /bündel     2026-01-02T03:04:05.678901234Z  "
              " root\n");
}

TEST(View, stays_one_valid_document_whatever_the_bytes) {
    state::Record odd = record();
    odd.bundle = "/b\xff\n\t\x7f\\";
    const View view = make_view(odd, state::Status::Running);
    EXPECT_NE(to_json(view).find(R"("bundle": "/b\\xff\\x0a\\x09\\x7f\\")"), std::string::npos)
        << to_json(view);
    EXPECT_NE(to_table({view}).find(R"(/b\xff\x0a\x09\x7f\)"), std::string::npos);
}

}  // namespace
}  // namespace unitc::ops
