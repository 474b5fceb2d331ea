#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <snappy.h>

#include <nlohmann/json.hpp>

#include "delivery/sinks/loki_entry.h"
#include "delivery/sinks/loki_push.h"
#include "http/gzip.h"

namespace saker::delivery {
namespace {

using spool::Event;

Event event_of(std::string_view fields,
               std::string_view more = R"("tags":["security","file"],"hostname":"node-1")") {
  const std::string body =
      R"({"output":"o","priority":"Critical","rule":"Sensitive File Access","source":"syscall",)"
      R"("time":"2026-03-01T12:00:00.123456789Z","output_fields":)" +
      std::string(fields) + (more.empty() ? "" : "," + std::string(more)) + "}";
  auto parsed = spool::parse_events(body);
  Event event = parsed->events.front();
  spool::seal(event);
  return event;
}

spool::StoredAlert stored(const Event& event) {
  return {.id = 1,
          .received_ns = event.time_ns + 1,
          .time_ns = event.time_ns,
          .priority = event.priority,
          .rule = event.rule,
          .line = spool::to_line(event)};
}

TEST(LokiEntry, LabelsAreFalcosidekicks) {
  const Event event = event_of(
      R"({"k8s.ns.name":"shop","k8s.pod.name":"web-0","cluster":"a\"b","proc.aname[2]":"sh","n":7,"x-y":"z"})");
  LokiFormat format{.custom_fields = {"cluster", "proc.aname[2]", "n", "nothing"}, .extra_labels = {"x-y"}};
  EXPECT_EQ(
      label_text(labels_of(format, event, LabelSet::kFull)),
      R"({cluster="ab", hostname="node-1", k8s_ns_name="shop", k8s_pod_name="web-0", priority="Critical", )"
      R"(proc_aname2="sh", rule="Sensitive File Access", source="syscall", tags="file,security", x_y="z"})");
  EXPECT_EQ(label_text(labels_of(format, event, LabelSet::kReduced)),
            R"({hostname="node-1", priority="Critical", rule="Sensitive File Access", source="syscall"})");
  EXPECT_EQ(label_text(labels_of({}, event_of(R"({"k8s.ns.name":null})", ""), LabelSet::kFull)),
            R"({priority="Critical", rule="Sensitive File Access", source="syscall"})");
}

TEST(LokiEntry, WhatLokiWouldRefuseIsMended) {
  std::string fields = R"({"long":")" + std::string(3000, 'x') + R"(","1st":"v")";
  LokiFormat format{.json = true, .extra_labels = {"long", "1st"}};
  for (int i = 0; i < 30; ++i) {
    fields += ",\"f" + std::to_string(i) + "\":\"v\"";
    format.extra_labels.push_back("f" + std::to_string(i));
  }
  const Labels labels = labels_of(format, event_of(fields + "}"), LabelSet::kFull);
  EXPECT_EQ(labels.size(), kLokiLabelsMax);
  for (const auto& [name, value] : labels) EXPECT_LE(value.size(), kLokiLabelBytesMax);
  EXPECT_TRUE(std::ranges::any_of(labels, [](const auto& label) { return label.first == "_1st"; }));

  const Event large = event_of(R"({"big":")" + std::string(700'000, '<') + R"(","small":"s"})");
  const std::string line = loki_line(format, stored(large), large);
  EXPECT_LE(line.size(), kLokiLineBytesMax);
  const auto read = nlohmann::json::parse(line);
  EXPECT_EQ(read["output_fields"]["small"], "s");
  EXPECT_TRUE(read["output_fields"]["big"].get<std::string>().ends_with("[...]"));
  EXPECT_EQ(line, loki_line(format, stored(large), large)) << "the same each time";
}

TEST(LokiEntry, AnAlertOfManyLongFieldsIsCutUntilItFits) {
  for (const char c : {'x', '<'}) {
    std::string fields = "{";
    for (int i = 0; i < 1000; ++i)
      fields += fmt::format(R"({}"f{}":"{}")", i == 0 ? "" : ",", i, std::string(900, c));
    const Event event = event_of(fields + "}");
    const std::string line = loki_line({.json = true}, stored(event), event);
    EXPECT_LE(line.size(), kLokiLineBytesMax);
    EXPECT_GT(line.size(), kLokiLineBytesMax / 8);
    EXPECT_TRUE(spool::parse_line(line));
    EXPECT_NE(line.find("[...]"), std::string::npos);
  }
}

TEST(LokiEntry, AClockThatIsAheadDoesNotLoseTheAlert) {
  spool::StoredAlert alert = stored(event_of("{\"a\":1}"));
  EXPECT_EQ(loki_time(alert), alert.time_ns);
  alert.received_ns = alert.time_ns - kLokiAheadNsMax;
  EXPECT_EQ(loki_time(alert), alert.received_ns);
}

TEST(LokiEntry, ALateEntryGetsAStreamOfItsHour) {
  const Labels labels = replayed({{"rule", "r"}, {"source", "s"}}, 1772366400123456789);
  EXPECT_EQ(label_text(labels), R"({replayed="2026-03-01T12", rule="r", source="s"})");
  Labels full;
  for (std::size_t i = 0; i < kLokiLabelsMax; ++i) full.emplace_back("l" + std::to_string(i), "v");
  EXPECT_EQ(replayed(full, 0).size(), kLokiLabelsMax);
}

std::vector<const LokiEntry*> pointers(const std::vector<LokiEntry>& entries) {
  std::vector<const LokiEntry*> all;
  for (const LokiEntry& entry : entries) all.push_back(&entry);
  return all;
}

TEST(LokiPush, Json) {
  const std::vector<LokiEntry> entries = {
      {R"({a="x\"y", b="2"})", 1, "one"}, {R"({a="x\"y", b="2"})", 2, "tw\"o"}, {R"({a="z"})", 3, "three"}};
  const auto body = http::gunzip(push_body(LokiEncoding::kGzip, pointers(entries)), 10'000);
  ASSERT_TRUE(body);
  EXPECT_EQ(*body, R"({"streams":[{"stream":{"a":"x\"y","b":"2"},"values":[["1","one"],["2","tw\"o"]]},)"
                   R"({"stream":{"a":"z"},"values":[["3","three"]]}]})");
}

TEST(LokiPush, Protobuf) {
  const std::vector<LokiEntry> entries = {
      {R"({a="b"})", 1'000'000'005, "one"}, {R"({a="b"})", 2'000'000'000, "2"}, {R"({c="d"})", 300, ""}};
  std::string plain;
  const std::string packed = push_body(LokiEncoding::kSnappy, pointers(entries));
  ASSERT_TRUE(snappy::Uncompress(packed.data(), packed.size(), &plain));
  using namespace std::string_literals;
  EXPECT_EQ(plain,
            "\x0A\x21"s
            "\x0A\x07{a=\"b\"}"
            "\x12\x0B"
            "\x0A\x04\x08\x01\x10\x05"
            "\x12\x03one"
            "\x12\x09"
            "\x0A\x04\x08\x02\x10\x00"s
            "\x12\x01"
            "2"
            "\x0A\x14"
            "\x0A\x07{c=\"d\"}"
            "\x12\x09"
            "\x0A\x05\x08\x00\x10\xAC\x02"s
            "\x12\x00"s);
}

}  // namespace
}  // namespace saker::delivery
