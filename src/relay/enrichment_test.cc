#include "relay/enrichment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace saker::relay {
namespace {

using ::testing::ElementsAre;

spool::Event event_of(std::string_view body) { return spool::parse_events(body)->events.front(); }

constexpr std::string_view kBody =
    R"({"output":"12:00:00.123456789: Critical it happened","priority":"Critical","rule":"r",)"
    R"("time":"2026-01-01T00:00:00Z","output_fields":{"proc.aname[2]":"bash","k8s.ns.name":"shop"},"tags":["z"]})";

TEST(Enrichment, AddsWhatIsConfigured) {
  Config config;
  config.customfields = {{"cluster", "one"}};
  config.templatedfields = {
      {"where", R"({{ or (index . "k8s.ns.name") "none" }}/{{ index . "nothing" }}/{{ .cluster }})"}};
  config.customtags = {"a"};
  config.bracketreplacer = "_";
  spool::Event event = event_of(kBody);
  EXPECT_EQ(Enrichment(config).apply(event), "");
  EXPECT_EQ(
      spool::fields_json(event),
      R"({"cluster":"one","k8s.ns.name":"shop","proc.aname_2":"bash","where":"shop/\u003cno value\u003e/one"})");
  EXPECT_THAT(event.tags, ElementsAre("a", "z"));
  EXPECT_EQ(event.source, "syscalls");
  EXPECT_EQ(event.uuid.size(), 36U);
}

TEST(Enrichment, TheOutputIsRewrittenWhereItBeginsAsFalcosDoes) {
  struct Row {
    std::string format, output, want;
  };
  const Row rows[] = {
      {"<timestamp> [<priority>] <output> (<custom_fields>)", "12:00:00.1: Critical it <tags>",
       "12:00:00.1 [Critical] it <tags>"},
      {"<output> <tags>", "12:00:00.1: Critical it", "it z"},
      {"<output>", "2026-01-01T00:00:00Z: Critical it", "2026-01-01T00:00:00Z: Critical it"},
      {"<output>", "12:00:00.1: Something it", "12:00:00.1: Something it"},
      {"<output>", "", ""},
      {"<output>", ":", ":"},
  };
  for (const Row& row : rows) {
    Config config;
    config.outputfieldformat = row.format;
    spool::Event event = event_of(kBody);
    event.output = row.output;
    Enrichment(config).apply(event);
    EXPECT_EQ(event.output, row.want);
  }
}

TEST(Enrichment, AnEventWithoutFieldsIsNoneUnlessTheConfigurationGivesItOne) {
  spool::Event event = event_of(R"({"priority":"Debug","rule":"r","time":"2026-01-01T00:00:00Z"})");
  EXPECT_NE(Enrichment(Config{}).apply(event), "");
  Config config;
  config.customfields = {{"a", "b"}};
  EXPECT_EQ(Enrichment(config).apply(event), "");
}

TEST(FieldTemplate, WhatIsUnderstoodAndWhatIsNot) {
  const std::map<std::string, std::string> fields = {{"a", "1"}, {"b.c", "2"}, {"empty", ""}};
  const auto render = [&fields](std::string_view text) -> std::string {
    const auto parsed = FieldTemplate::parse(text);
    if (!parsed) return "error";
    return parsed->render([&fields](std::string_view name) {
      const auto at = fields.find(std::string(name));
      return at == fields.end() ? nullptr : &at->second;
    });
  };
  const std::pair<std::string, std::string> rows[] = {
      {"", ""},
      {"plain", "plain"},
      {"{{ .a }}-{{.a}}", "1-1"},
      {R"({{ index . "b.c" }})", "2"},
      {R"({{ index .OutputFields "b.c" }})", "2"},
      {R"({{ index .Other "b.c" }})", "error"},
      {R"({{ or .empty (index . "b.c") "x" }})", "2"},
      {R"({{ or .nothing "x\"y" }})", "x\"y"},
      {"{{ .nothing }}", "<no value>"},
      {"{{", "error"},
      {"{{ }}", "error"},
      {"{{ if .a }}", "error"},
      {"{{ .a | upper }}", "error"},
      {"{{ or }}", "error"},
      {"{{ index . }}", "error"},
      {"{{ " + std::string(100, '(') + " }}", "error"},
  };
  for (const auto& [text, want] : rows) EXPECT_EQ(render(text), want) << text;
}

}  // namespace
}  // namespace saker::relay
