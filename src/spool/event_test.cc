#include "spool/event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace saker::spool {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kFalco =
    R"({"hostname":"node-1","output":"12:00:00.120: Critical x <NA>","output_fields":{"evt.time":1772366400120000000,)"
    R"("proc.name":"cat","fd.name":null,"k8s.ns.name":"shop"},"priority":"Critical","rule":"Sensitive File Access",)"
    R"("source":"syscall","tags":["security","file"],"time":"2026-03-01T12:00:00.120000000Z"})";

TEST(Event, BecomesFalcosidekicksLine) {
  const auto parsed = parse_events(kFalco);
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->events.size(), 1U);
  Event event = parsed->events.front();
  EXPECT_EQ(event.time_ns, 1772366400120000000);
  seal(event);
  const std::string line = to_line(event);
  EXPECT_EQ(line.substr(47),
            R"("output":"12:00:00.120: Critical x \u003cNA\u003e","priority":"Critical",)"
            R"("rule":"Sensitive File Access","time":"2026-03-01T12:00:00.12Z","output_fields":{)"
            R"("evt.time":1772366400120000000,"fd.name":null,"k8s.ns.name":"shop","proc.name":"cat"},)"
            R"("source":"syscall","tags":["file","security"],"hostname":"node-1"})");
  EXPECT_EQ(line.substr(0, 9), R"({"uuid":")");
  EXPECT_EQ(line.substr(9, 36), event.uuid);
}

TEST(Event, TheSameAlertHasTheSameLineAndAnotherHasNot) {
  const auto line_of = [](std::string body) {
    Event event = parse_events(body)->events.front();
    seal(event);
    return to_line(event);
  };
  const std::string one(kFalco);
  std::string other = one;
  other.replace(other.find("cat"), 3, "dog");
  EXPECT_EQ(line_of(one), line_of(one));
  EXPECT_NE(line_of(one).substr(0, 45), line_of(other).substr(0, 45));
}

TEST(Event, ALineReadBackMakesTheSameLine) {
  Event event = parse_events(kFalco)->events.front();
  seal(event);
  const std::string line = to_line(event);
  const auto again = parse_line(line);
  ASSERT_TRUE(again);
  EXPECT_EQ(to_line(*again), line);
}

// A small event around the part that matters.
std::string with(std::string_view members) {
  return R"({"priority":"Debug","rule":"r","time":"2026-01-01T00:00:00Z","output_fields":{"a":1},)" +
         std::string(members.empty() ? R"("source":"s")" : members) + "}";
}

TEST(Event, BodiesOfSeveralEvents) {
  const std::string one = with("");
  for (const std::string& body : {"[" + one + "," + one + "]", one + "\n" + one + "\n", one + one,
                                  " \n" + one + " \r\n\r\n" + one, "[" + one + "]" + one}) {
    const auto parsed = parse_events(body);
    ASSERT_TRUE(parsed) << body;
    EXPECT_EQ(parsed->events.size(), 2U) << body;
    EXPECT_TRUE(parsed->refused.empty());
  }
  EXPECT_TRUE(parse_events("[]")->events.empty());
}

TEST(Event, ValuesKeepWhatTheyAre) {
  struct Row {
    std::string value, kept;
  };
  const Row rows[] = {
      {"9007199254740993", "9007199254740993"},
      {"18446744073709551615", "18446744073709551615"},
      {"123456789012345678901234567890", "123456789012345678901234567890"},
      {"-1", "-1"},
      {"0.10", "0.10"},
      {"1e300", "1e300"},
      {"true", "true"},
      {"null", "null"},
      {R"("<&>")", R"("\u003c\u0026\u003e")"},
      {R"("\u2028\t\u0001\"\\\/")", R"("\u2028\t\u0001\"\\/")"},
      {R"({"b":[1,{"c":"<"}],"a":null})", R"({"a":null,"b":[1,{"c":"\u003c"}]})"},
      {R"([])", "[]"},
      {R"("\ud83d\ude00")", "\"\xF0\x9F\x98\x80\""},
  };
  for (const Row& row : rows) {
    const auto parsed =
        parse_events(R"({"priority":"Debug","rule":"r","time":"2026-01-01T00:00:00Z","output_fields":{"f":)" +
                     row.value + "}}");
    ASSERT_TRUE(parsed) << row.value << ": " << parsed.error().message;
    ASSERT_EQ(parsed->events.size(), 1U) << row.value;
    EXPECT_EQ(fields_json(parsed->events.front()), "{\"f\":" + row.kept + "}");
  }
}

TEST(Event, WhatIsNoEventIsRefusedWithItsReason) {
  struct Row {
    std::string body, reason;
  };
  const Row rows[] = {
      {R"({})", "\"priority\" is missing"},
      {R"({"priority":"urgent"})", "not \"urgent\""},
      {R"({"priority":1})", "\"priority\" must be a text"},
      {R"({"priority":{"a":["b"]}})", "\"priority\" must be a text"},
      {R"({"priority":"Debug","time":"2026-01-01T00:00:00Z","output_fields":{"a":1}})",
       "\"rule\" is missing"},
      {R"({"priority":"Debug","rule":"r","output_fields":{"a":1}})", "\"time\" is missing"},
      {R"({"priority":"Debug","rule":"r","time":null})", "\"time\" is missing"},
      {with(R"("time":"2026-01-01 00:00:00")"), "RFC 3339"},
      {with(R"("time":"2026-01-01T00:00:00")"), "RFC 3339"},
      {with(R"("time":"infinite-future-and-more")"), "RFC 3339"},
      {with(R"("time":"9999-01-01T00:00:00Z")"), "RFC 3339"},
      {with(R"("tags":"a")"), "\"tags\" must be a list"},
      {with(R"("tags":[1])"), "\"tags\" must be a list"},
      {with(R"("tags":[["a"]])"), "\"tags\" must be a list"},
      {with(R"("output_fields":[])"), "\"output_fields\" must be an object"},
      {with(R"("output_fields":"a")"), "\"output_fields\" must be an object"},
      {with(R"("source":7)"), "\"source\" must be a text"},
      {with(R"("output_fields":{"k8s.ns.name":7})"), "\"k8s.ns.name\" must be a text"},
      {with(R"("output_fields":{"k8s.pod.name":["x"]})"), "\"k8s.pod.name\" must be a text"},
      {R"([7])", "must be a JSON object"},
      {R"([null])", "must be a JSON object"},
      {R"([[{"rule":"r"}]])", "must be a JSON object"},
  };
  for (const Row& row : rows) {
    const auto parsed = parse_events(row.body);
    ASSERT_TRUE(parsed) << row.body;
    ASSERT_EQ(parsed->refused.size(), 1U) << row.body;
    EXPECT_THAT(parsed->refused.front().reason, HasSubstr(row.reason)) << row.body;
    EXPECT_TRUE(parsed->events.empty());
  }
}

TEST(Event, OneBadEventOfAListDoesNotTakeTheOthersAlong) {
  const auto parsed = parse_events("[" + with("") + R"(,{"rule":"r"},7,)" + with("") + "]");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->events.size(), 2U);
  ASSERT_EQ(parsed->refused.size(), 2U);
  EXPECT_EQ(parsed->refused[0].index, 1U);
  EXPECT_EQ(parsed->refused[1].index, 2U);
}

TEST(Event, WhatIsNoJsonIsAnError) {
  for (const std::string& body :
       {std::string(), std::string(" \n"), std::string("hello"), std::string("7"), std::string(R"({"rule":)"),
        std::string(R"({"rule":"r"} trailing)"), std::string("{\"a\":\"\x01\"}"), std::string("[1,]"),
        std::string(100, '['), std::string(100'000, '['), R"({"a":)" + std::string(200, '[')}) {
    EXPECT_FALSE(parse_events(body)) << body.substr(0, 40);
  }
}

std::string many(const std::string& one, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += (i == 0 ? "" : ",") + one;
  return all;
}

TEST(Event, WhatIsSmallInABodyIsNotLargeInMemory) {
  const auto event = [](const std::string& more) {
    return R"({"rule":"r","priority":"debug","time":"2026-01-01T00:00:00Z",)" + more + "}";
  };
  const auto fields = [&](const std::string& value) {
    return event(R"("output_fields":{"a":)" + value + "}");
  };
  struct Row {
    std::string body, says;
  };
  const Row errors[] = {
      {"[" + many("{}", kEventsMax + 1) + "]", "more than 20000 events"},
      {"[" + many("1", kEventsMax + 1) + "]", "more than 20000 events"},
      {"[" + many("[]", kEventsMax + 1) + "]", "more than 20000 events"},
      {fields("[" + many("[]", kNestedMax + 1) + "]"), "more than 20000 values"},
      {fields("[" + many("1", kNestedMax + 1) + "]"), "more than 20000 values"},
  };
  for (const Row& row : errors) {
    const auto parsed = parse_events(row.body);
    ASSERT_FALSE(parsed) << row.says;
    EXPECT_NE(parsed.error().message.find(row.says), std::string::npos) << parsed.error().message;
  }
  const auto tags = parse_events(event(R"("tags":[)" + many("\"t\"", kTagsMax + 1) + "]"));
  ASSERT_TRUE(tags);
  EXPECT_EQ(tags->refused.at(0).reason, "more than 1024 tags");
  for (const std::string& long_text :
       {R"("output":")" + std::string(kEventBytesMax, '<') + '"',
        R"("output_fields":{"a":")" + std::string(kEventBytesMax, '<') + "\"}"}) {
    const auto large = parse_events(event(long_text));
    ASSERT_TRUE(large);
    EXPECT_EQ(large->refused.at(0).reason, "more than 1048576 bytes of text in one event");
  }
  const auto most = parse_events("[" + many("{}", kEventsMax) + "]");
  ASSERT_TRUE(most);
  EXPECT_EQ(most->refused.size(), kEventsMax);
  EXPECT_EQ(most->refused.back().index, kEventsMax - 1);
}

TEST(Event, BytesThatAreNoUtf8DoNotLoseTheAlert) {
  const auto parsed = parse_events(with("\"output\":\"a\xFF\xC3(\xED\xA0\x80z\""));
  ASSERT_TRUE(parsed) << parsed.error().message;
  ASSERT_EQ(parsed->events.size(), 1U);
  EXPECT_EQ(parsed->events.front().output, "a\xEF\xBF\xBD\xEF\xBF\xBD(\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz");
}

TEST(Event, NamesOfKeysMayBeOfAnyCaseAndTheLastOfTwoCounts) {
  const auto parsed =
      parse_events(R"({"Priority":"info","RULE":"x","rule":"r","Time":"2026-01-01T00:00:00Z",)"
                   R"("Output_Fields":{"a":"1","a":"2"},"message":"gone"})");
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->events.size(), 1U) << parsed->refused.front().reason;
  const Event& event = parsed->events.front();
  EXPECT_EQ(event.priority, Priority::kInformational);
  EXPECT_EQ(event.rule, "r");
  ASSERT_EQ(event.fields.size(), 1U);
  EXPECT_EQ(event.fields[0].value, "2");
}

TEST(Event, Times) {
  struct Row {
    std::string text, kept;
    std::int64_t ns;
  };
  const Row rows[] = {
      {"2026-03-01T12:00:00.123456789Z", "2026-03-01T12:00:00.123456789Z", 1772366400123456789},
      {"2026-03-01T12:00:00.100000000Z", "2026-03-01T12:00:00.1Z", 1772366400100000000},
      {"2026-03-01T12:00:00.000000000Z", "2026-03-01T12:00:00Z", 1772366400000000000},
      {"2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z", 1772366400000000000},
      {"2026-03-01T14:00:00.5+02:00", "2026-03-01T14:00:00.5+02:00", 1772366400500000000},
      {"2026-03-01T12:00:00+00:00", "2026-03-01T12:00:00Z", 1772366400000000000},
  };
  for (const Row& row : rows) {
    const auto time = parse_time(row.text);
    ASSERT_TRUE(time) << row.text;
    EXPECT_EQ(time->text, row.kept);
    EXPECT_EQ(time->ns, row.ns) << row.text;
  }
  for (const char* text :
       {"", "2026-03-01T12:00:00", "2026-03-01T14:0:0+0002:00", "2026-03-01T12:00:00.Z",
        "2026-03-01T12:00:00+1:00", "2026-03-01T12:00:00 Z", "2026-03-01 12:00:00Z", "infinite-past",
        "22026-03-01T12:00:00Z", "2026-13-01T12:00:00Z", "2026-03-01T12:00:00+99:00", "2026-03-01T25:00:00Z",
        " 2026-03-01T12:00:00Z", "2026-03-01T12:00:00ZZ", "1600-03-01T12:00:00Z", "2300-03-01T12:00:00Z",
        "2026-03-01T12:00:00.00000000000000000000000000000Z"})
    EXPECT_FALSE(parse_time(text)) << text;
  EXPECT_EQ(format_time_utc(1772366400120000000), "2026-03-01T12:00:00.12Z");
}

TEST(Event, PrioritiesHaveBothNumbers) {
  EXPECT_EQ(priority_named("critical"), Priority::kCritical);
  EXPECT_EQ(sidekick_number(Priority::kCritical), 6);
  EXPECT_EQ(sidekick_number(Priority::kEmergency), 8);
  EXPECT_EQ(sidekick_number(Priority::kDebug), 1);
  EXPECT_EQ(priority_named("xx-error-yy"), std::nullopt);
  EXPECT_EQ(priority_named(""), std::nullopt);
}

}  // namespace
}  // namespace saker::spool
