#include "alert/alert.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace saker::alert {
namespace {

using fields::Argument;
using fields::Field;
using fields::Subject;
using fields::Value;

const fields::Catalogue& catalogue() {
  static const fields::Catalogue made([] {
    std::vector<Field> rows(6);
    rows[0].name = "fd.name";
    rows[0].read = [](const Subject&, const Argument&, Arena&) { return Value::text("/tmp/a\xff\"b\tc\\d"); };
    rows[1].name = "proc.pid";
    rows[1].type = fields::Type::kInt64;
    rows[1].read = [](const Subject&, const Argument&, Arena&) { return Value::integer(-7); };
    rows[2].name = "k8s.pod.name";
    rows[3].name = "evt.time";
    rows[3].format = fields::Format::kTime;
    rows[3].read = [](const Subject&, const Argument&, Arena&) { return Value::text("16:00:00.010000000"); };
    rows[4].name = "fd.dev";
    rows[4].type = fields::Type::kInt32;
    rows[4].format = fields::Format::kHex;
    rows[4].read = [](const Subject&, const Argument&, Arena&) { return Value::integer(0x803); };
    rows[5].name = "evt.is_open_read";
    rows[5].type = fields::Type::kBool;
    rows[5].read = [](const Subject&, const Argument&, Arena&) { return Value::boolean(true); };
    return rows;
  }());
  return made;
}

class Alert : public testing::Test {
 protected:
  void SetUp() override {
    setenv("TZ", "UTC", 1);
    tzset();
    event_.wall_ns = 1'566'230'400'010'000'000;  // 2019-08-19T16:00:00.01Z
    subject_.event = &event_;
    subject_.hostname = "node-1";
  }

  std::string alert_of(const char* output, const Format& format) {
    rules::EnabledRule rule;
    rule.rule.name = "A rule";
    rule.rule.priority = rules::Priority::kCritical;
    rule.rule.tags = {"a", "b"};
    auto parsed = rules::OutputTemplate::parse(output, catalogue());
    EXPECT_TRUE(parsed.problems.empty());
    rule.output = std::move(parsed.output);
    return format_alert(format, rule, subject_, arena_);
  }

  event::Event event_;
  Subject subject_;
  Arena arena_;
};

TEST_F(Alert, TextIsOneEscapedLine) {
  EXPECT_EQ(alert_of("f=%fd.name n=%proc.pid p=%k8s.pod.name", {}),
            "16:00:00.010000000: Critical f=/tmp/a\xEF\xBF\xBD\\\"b\\tc\\\\d n=-7 p=<NA>");
}

TEST_F(Alert, TextWithIsoTime) {
  EXPECT_EQ(alert_of("x", {.time_iso_8601 = true}), "2019-08-19T16:00:00.010000000+0000: Critical x");
}

TEST_F(Alert, JsonHasFalcosKeysAndTypes) {
  EXPECT_EQ(alert_of("n=%proc.pid p=%k8s.pod.name t=%evt.time d=%fd.dev r=%evt.is_open_read", {.json = true}),
            R"({"hostname":"node-1","output":"16:00:00.010000000: Critical n=-7 p=<NA> )"
            R"(t=16:00:00.010000000 d=803 r=true",)"
            R"("output_fields":{"evt.is_open_read":true,"evt.time":1566230400010000000,"fd.dev":"803",)"
            R"("k8s.pod.name":null,"proc.pid":-7},)"
            R"("priority":"Critical","rule":"A rule","source":"syscall","tags":["a","b"],)"
            R"("time":"2019-08-19T16:00:00.010000000Z"})");
}

TEST_F(Alert, JsonParts) {
  EXPECT_EQ(alert_of("x", {.json = true,
                           .json_include_output = false,
                           .json_include_message = true,
                           .json_include_output_fields = false,
                           .json_include_tags = false}),
            R"({"hostname":"node-1","message":"x","priority":"Critical","rule":"A rule","source":"syscall",)"
            R"("time":"2019-08-19T16:00:00.010000000Z"})");
}

TEST_F(Alert, JsonWithIsoTimeStillCarriesNanoseconds) {
  const std::string alert = alert_of("x", {.json = true, .time_iso_8601 = true});
  EXPECT_NE(alert.find(R"("output_fields":{"evt.time.iso8601":1566230400010000000})"), std::string::npos)
      << alert;
  EXPECT_NE(alert.find(R"("output":"2019-08-19T16:00:00.010000000+0000: Critical x")"), std::string::npos)
      << alert;
}

TEST_F(Alert, ExtraFieldsAreInTheJsonAlone) {
  rules::EnabledRule rule;
  rule.output = rules::OutputTemplate::parse("x", catalogue()).output;
  rule.extra_fields.push_back({"proc.pid", catalogue().resolve("proc.pid", std::nullopt).ref, {}});
  rule.extra_fields.push_back(
      {"k", std::nullopt, rules::OutputTemplate::parse("v=%proc.pid,%k8s.pod.name", catalogue()).output});
  EXPECT_EQ(format_alert({}, rule, subject_, arena_), "16:00:00.010000000: Debug x");
  const std::string alert = format_alert({.json = true}, rule, subject_, arena_);
  EXPECT_NE(alert.find(R"("output_fields":{"evt.time":1566230400010000000,"k":"v=-7,<NA>","proc.pid":-7})"),
            std::string::npos)
      << alert;
}

TEST_F(Alert, StaticFieldsAreBesideTheRulesOwn) {
  Format format{.json = true, .static_fields = {{"cluster", "a%proc.pid"}, {"evt.time", "x"}}};
  const std::string alert = alert_of("n=%proc.pid", format);
  EXPECT_NE(
      alert.find(R"("output_fields":{"cluster":"a%proc.pid","evt.time":1566230400010000000,"proc.pid":-7})"),
      std::string::npos)
      << alert;
  EXPECT_EQ(alert_of("n=%proc.pid", format.whole()), alert);
  format.json = false;
  EXPECT_EQ(alert_of("n=%proc.pid", format), "16:00:00.010000000: Critical n=-7");
}

TEST_F(Alert, InvalidUtf8IsRepaired) {
  const std::string alert = alert_of("%fd.name", {.json = true});
  EXPECT_NE(alert.find("\"fd.name\":\"/tmp/a\xEF\xBF\xBD\\\"b\\tc\\\\d\""), std::string::npos) << alert;
}

}  // namespace
}  // namespace saker::alert
