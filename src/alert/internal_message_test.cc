#include "alert/internal_message.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace saker::alert {
namespace {

constexpr std::uint64_t kTime = 1'795'463'505'331'612'318;

const InternalMessage kDrops{
    .rule = "Falco internal: syscall event drop",
    .output = "Falco internal: syscall event drop. 3 system calls dropped in last second.",
    .priority = rules::Priority::kDebug,
    .fields = {{"n_drops", std::string("3")}, {"n_evts", std::string("10")}}};

TEST(InternalMessage, Json) {
  const MessagePtr message = make_internal_message({.json = true}, "node-1", kDrops, kTime);
  EXPECT_EQ(
      message->line,
      R"({"hostname":"node-1","output":"Falco internal: syscall event drop. 3 system calls dropped in last )"
      R"(second.","output_fields":{"n_drops":"3","n_evts":"10"},"priority":"Debug","rule":"Falco internal: )"
      R"(syscall event drop","source":"internal","time":"2026-11-23T19:51:45.331612318Z"})");
}

TEST(InternalMessage, StaticFields) {
  const MessagePtr message =
      make_internal_message({.json = true, .static_fields = {{"cluster", "a"}}}, "n", kDrops, kTime);
  EXPECT_NE(message->line.find(R"("output_fields":{"cluster":"a","n_drops":"3","n_evts":"10"})"),
            std::string::npos)
      << message->line;
}

TEST(InternalMessage, NumbersStayNumbers) {
  const MessagePtr message = make_internal_message(
      {.json = true}, "n", {.rule = "r", .output = "o", .fields = {{"a", std::uint64_t{7}}, {"b", 0.5}}},
      kTime);
  EXPECT_NE(message->line.find(R"("output_fields":{"a":7,"b":0.5})"), std::string::npos) << message->line;
}

TEST(InternalMessage, TheWholeIsBesideALineThatIsText) {
  const MessagePtr json = make_internal_message({.json = true}, "n", kDrops, kTime);
  EXPECT_EQ(json->whole, "");
  EXPECT_EQ(make_internal_message({.json = true, .keep_whole = true}, "n", kDrops, kTime)->whole, "");
  EXPECT_EQ(make_internal_message({.keep_whole = true}, "n", kDrops, kTime)->whole, json->line);
}

TEST(InternalMessage, Text) {
  setenv("TZ", "UTC", 1);
  tzset();
  const MessagePtr message = make_internal_message({}, "node-1", kDrops, kTime);
  EXPECT_EQ(
      message->line,
      "19:51:45.331612318: Debug Falco internal: syscall event drop. 3 system calls dropped in last second. "
      "(n_drops=3 n_evts=10)");
}

}  // namespace
}  // namespace saker::alert
