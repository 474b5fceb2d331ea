#include "relay/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace saker::relay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

using Variables = std::map<std::string, std::string>;

LoadedConfig load(std::string_view text, const Variables& variables = {}) {
  return load_config_text("relay.yaml", text, [&variables](const char* name) -> const char* {
    const auto at = variables.find(name);
    return at == variables.end() ? nullptr : at->second.c_str();
  });
}

std::string problems(const LoadedConfig& loaded) {
  std::string all;
  for (const ConfigProblem& one : loaded.problems) all += one.where + ": " + one.message + "\n";
  return all;
}

TEST(RelayConfig, TheFileAndOverItTheEnvironment) {
  const auto loaded = load(
      "listenport: 1234\nLoki:\n  hostport: http://loki:3100\n  minimumpriority: warning\n  format: json\n"
      "customfields: {Akey: AValue}\ncustomtags: [a, '']\n",
      {{"LOKI_MINIMUMPRIORITY", "error"},
       {"LOKI_FORMAT", ""},
       {"LOKI_CUSTOMHEADERS", "X-A:b:c, Authorization: Bearer x"},
       {"CUSTOMTAGS", ""},
       {"TLSSERVER_NOTLSPATHS", "/ping, /healthz"},
       {"DEBUG", "true"}});
  ASSERT_EQ(problems(loaded), "");
  const Config& config = loaded.config;
  EXPECT_EQ(config.listenport, 1234);
  EXPECT_EQ(config.loki.hostport, "http://loki:3100");
  EXPECT_EQ(config.loki.minimumpriority, spool::Priority::kError);
  EXPECT_EQ(config.loki.format, "json") << "an empty variable is none";
  EXPECT_EQ(config.loki.customheaders, (Pairs{{"X-A", "b:c"}, {"Authorization", "Bearer x"}}));
  EXPECT_THAT(config.customtags, ElementsAre("a"));
  EXPECT_EQ(config.customfields, (Pairs{{"Akey", "AValue"}}));
  EXPECT_THAT(config.tlsserver.notlspaths, ElementsAre("/ping", "/healthz"));
  EXPECT_TRUE(config.debug);
}

TEST(RelayConfig, AnEmptyMinimumPriorityPassesEverything) {
  const auto loaded =
      load("loki: {hostport: 'http://loki:3100', minimumpriority: ''}", {{"LOKI_MINIMUMPRIORITY", ""}});
  ASSERT_EQ(problems(loaded), "");
  EXPECT_EQ(loaded.config.loki.minimumpriority, spool::Priority::kDebug);
}

TEST(RelayConfig, ProblemsAreAllTold) {
  struct Row {
    std::string text;
    Variables variables;
    std::string says;
  };
  const Row rows[] = {
      {"loki: {hostprot: x}",
       {},
       "relay.yaml:1:8: unknown key 'loki.hostprot'; did you mean 'loki.hostport'?"},
      {"listenprot: 1", {}, "did you mean 'listenport'?"},
      {"loki: {minimumpriority: warnign}", {}, "'warnign' is no priority; did you mean 'Warning'?"},
      {"",
       {{"LOKI_MINIMUMPRIORITY", "xx-error-yy"}},
       "LOKI_MINIMUMPRIORITY: loki.minimumpriority: 'xx-error-yy' is no priority"},
      {"listenport: many", {}, "'many' is not a whole number"},
      {"listenport: 70000", {}, "70000 is no port"},
      {"debug: perhaps", {}, "neither true nor false"},
      {"loki: {hostport: 'loki:3100'}", {}, "must begin with http://"},
      {"loki: {format: yaml}", {}, "'yaml' is not one of json|text"},
      {"loki: {hostport: [a]}", {}, "'loki.hostport' is not a list"},
      {"loki: {customheaders: nocolon}", {}, "not of the form name:value"},
      {"spool: {maxage: soon}", {}, "is no time"},
      {"templatedfields: {a: '{{ range . }}'}", {}, "templatedfields.a: the template cannot be read"},
      {"customfields: {a: '%NOT_THERE'}", {}, "no environment variable NOT_THERE"},
      {"kafka: {hostport: 'k:9092'}", {}, "needs a topic"},
      {"pagerduty: {routingkey: x}", {}, "'pagerduty.routingkey' switches on an output"},
      {"", {{"AWS_S3_BUCKET", "x"}}, "AWS_S3_BUCKET: 'aws.s3.bucket' switches on an output"},
      {"a: [", {}, "relay.yaml:1:"},
      {"- a", {}, "a map of keys"},
      {"listenport: 70000\nunknownkey: 1", {}, "unknown key 'unknownkey'"},
  };
  for (const Row& row : rows)
    EXPECT_THAT(problems(load(row.text, row.variables)), HasSubstr(row.says)) << row.text;
}

TEST(RelayConfig, AKeyOfFalcosidekicksThatAsksForNothingHereIsANote) {
  const LoadedConfig loaded = load(
      "elasticsearch: {batching: {enabled: true, batchsize: 5}, type: _doc, flattenfields: false}\n"
      "alertmanager: {dropeventdefaultpriority: critical}\n"
      "slack: {messageformat: 'rule *{{ .Rule }}* by *{{ index .OutputFields \"user.name\" }}*'}\n"
      "teams: {outputformat: facts}",
      {});
  EXPECT_EQ(problems(loaded), "");
  std::string notes;
  for (const ConfigProblem& note : loaded.notes) notes += note.where + ": " + note.message + "\n";
  EXPECT_THAT(notes,
              HasSubstr("relay.yaml:1:28: 'elasticsearch.batching.enabled' has no effect: alerts always go"));
  EXPECT_THAT(notes, HasSubstr("'elasticsearch.type' has no effect"));
  EXPECT_THAT(notes, HasSubstr("'alertmanager.dropeventdefaultpriority' has no effect"));
  EXPECT_THAT(notes, Not(HasSubstr("flattenfields")));
}

TEST(RelayConfig, AForeignOutputThatIsOffIsIgnored) {
  EXPECT_EQ(
      problems(load(
          "pagerduty: {routingkey: '', region: eu}\naws: {s3: {bucket: ''}}\npolicyreport: {enabled: false}",
          {{"OPSGENIE_APIKEY", ""}, {"HOME", "/root"}})),
      "");
}

TEST(RelayConfig, AFileThatIsNotThereIsAProblem) {
  const auto loaded = load_config("/no/such/file.yaml", [](const char*) -> const char* { return nullptr; });
  EXPECT_THAT(problems(loaded), HasSubstr("/no/such/file.yaml"));
}

TEST(RelayConfig, Times) {
  EXPECT_EQ(milliseconds_of("90"), 90'000);
  EXPECT_EQ(milliseconds_of("500ms"), 500);
  EXPECT_EQ(milliseconds_of("7d"), 7 * 86'400'000LL);
  for (const char* none : {"", "s", "-1s", "1w", "1.5h"})
    EXPECT_EQ(milliseconds_of(none), std::nullopt) << none;
}

}  // namespace
}  // namespace saker::relay
