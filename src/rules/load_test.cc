// Loading as a whole: what is found wrong and where, and what a rule looks like in the end. Places are
// written file:line:column, as the text report shows them.
#include "rules/load.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "fields/catalogue.h"

namespace saker::rules {
namespace {

using Texts = std::vector<std::string>;

LoadResult load(const Texts& texts, const LoadOptions& options = {}) {
  std::vector<RuleFile> files;
  for (std::size_t i = 0; i < texts.size(); ++i)
    files.push_back({std::string(1, static_cast<char>('a' + i)), texts[i]});
  return load_rules(files, fields::syscall_catalogue(), options);
}

// "a:3:14 LOAD_ERR_VALIDATE", one line each.
std::string findings(const LoadResult& result) {
  std::string text;
  for (const FileReport& report : result.reports) {
    for (const Diagnostic& d : report.diagnostics)
      text += fmt::format("{}:{}:{} {}\n", d.file, d.line, d.column, d.code);
  }
  return text;
}

std::string messages(const LoadResult& result) { return text_report(result.reports); }

const std::string kRule =
    "- rule: r\n  desc: d\n  condition: evt.type=openat\n  output: o\n  priority: INFO\n";

std::string rule_with(const std::string& condition) {
  return "- rule: r\n  desc: d\n  output: o\n  priority: INFO\n  condition: " + condition + "\n";
}

struct Row {
  const char* what;
  Texts files;
  std::string expected;
};

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const LoadResult result = load(row.files);
    EXPECT_EQ(findings(result), row.expected) << row.what << '\n' << messages(result);
    const bool good = row.expected.find("LOAD_ERR_") == std::string::npos;
    EXPECT_EQ(result.rules != nullptr, good) << row.what;
  }
}

TEST(Load, FormOfItems) {
  check({
      {"minimal", {kRule}, ""},
      {"empty", {""}, ""},
      {"comment only", {"# nothing\n"}, ""},
      {"null items and empty documents", {"-\n---\n---\n" + kRule}, ""},
      {"byte order mark", {"\xEF\xBB\xBF" + kRule}, ""},
      {"map", {"rule: x\n"}, "a:1:1 LOAD_ERR_YAML_VALIDATE\n"},
      {"text item", {"- hello\n"}, "a:1:3 LOAD_ERR_YAML_VALIDATE\n"},
      {"not YAML", {"- rule: [\n"}, "a:2:1 LOAD_ERR_YAML_PARSE\n"},
      {"unknown item", {"- rle: x\n"}, "a:1:3 LOAD_UNKNOWN_ITEM\n"},
      {"unknown key", {kRule + "  prioritty: x\n"}, "a:6:3 LOAD_UNKNOWN_KEY\n"},
      {"key twice", {kRule + "  desc: again\n"}, "a:6:3 LOAD_UNKNOWN_KEY\n"},
      {"kind twice",
       {"- list: l\n  items: [a]\n  rule: z\n"},
       "a:1:3 LOAD_UNUSED_LIST\na:3:3 LOAD_UNKNOWN_KEY\n"},
      {"keys missing", {"- rule: r\n  condition: x\n"}, "a:1:3 LOAD_ERR_YAML_VALIDATE\n"},
      {"name alone", {"- rule: r\n"}, "a:1:3 LOAD_ERR_YAML_VALIDATE\n"},
      {"null text", {rule_with("")}, "a:5:3 LOAD_ERR_YAML_VALIDATE\n"},
      {"empty text", {rule_with("\"\"")}, "a:5:14 LOAD_ERR_YAML_VALIDATE\n"},
      {"list for a text", {rule_with("[a]")}, "a:5:14 LOAD_ERR_YAML_VALIDATE\n"},
      {"priority",
       {"- rule: r\n  desc: d\n  condition: evt.type=open\n  output: o\n  priority: WARN\n"},
       "a:5:13 LOAD_ERR_YAML_VALIDATE\n"},
      {"boolean", {kRule + "  enabled: maybe\n"}, "a:6:12 LOAD_ERR_YAML_VALIDATE\n"},
      {"YAML 1.1 booleans", {kRule + "  enabled: 'No'\n  warn_evttypes: on\n"}, ""},
      {"tags as a text", {kRule + "  tags: a\n"}, "a:6:9 LOAD_ERR_YAML_VALIDATE\n"},
      {"duration", {kRule + "  capture_duration: -1\n"}, "a:6:21 LOAD_ERR_YAML_VALIDATE\n"},
      {"source", {kRule + "  source: k8s_audit\n"}, "a:6:11 LOAD_UNKNOWN_SOURCE\n"},
      {"empty source", {kRule + "  source: ''\n"}, "a:6:11 LOAD_ERR_YAML_VALIDATE\n"},
      {"every item is looked at",
       {"- rule: x\n- macro: m\n- list: l\n"},
       "a:1:3 LOAD_ERR_YAML_VALIDATE\na:2:3 LOAD_ERR_YAML_VALIDATE\na:3:3 LOAD_ERR_YAML_VALIDATE\n"},
      {"every file is looked at",
       {"- rule: x\n", "- rule: [\n", "- rule: y\n"},
       "a:1:3 LOAD_ERR_YAML_VALIDATE\nb:2:1 LOAD_ERR_YAML_PARSE\nc:1:3 LOAD_ERR_YAML_VALIDATE\n"},
  });
}

TEST(Load, Versions) {
  check({
      {"this engine", {"- required_engine_version: 0.63.0\n" + kRule}, ""},
      {"number", {"- required_engine_version: 63\n" + kRule}, ""},
      {"newer", {"- required_engine_version: 64\n" + kRule}, "a:1:28 LOAD_ERR_VALIDATE\n"},
      {"not a version", {"- required_engine_version: '0.26'\n" + kRule}, "a:1:28 LOAD_ERR_YAML_VALIDATE\n"},
      {"container is built in",
       {"- required_plugin_versions:\n  - name: container\n    version: 0.4.0\n" + kRule},
       ""},
      {"other plugin",
       {"- required_plugin_versions:\n  - name: json\n    version: 0.7.0\n" + kRule},
       "a:2:5 LOAD_ERR_VALIDATE\n"},
      {"an alternative serves",
       {"- required_plugin_versions:\n  - name: x\n    version: 1.0.0\n    alternatives:\n    - name: "
        "container\n"
        "      version: 0.1.0\n" +
        kRule},
       ""},
      {"bad plugin version",
       {"- required_plugin_versions:\n  - name: container\n    version: abc\n" + kRule},
       "a:3:14 LOAD_ERR_VALIDATE\n"},
      {"no plugin version",
       {"- required_plugin_versions:\n  - name: container\n"},
       "a:2:5 LOAD_ERR_YAML_VALIDATE\n"},
      {"named twice",
       {"- required_plugin_versions:\n  - name: a\n    version: 1.0.0\n    alternatives:\n    - name: a\n"
        "      version: 2.0.0\n"},
       "a:5:13 LOAD_ERR_VALIDATE\n"},
  });
  LoadOptions unchecked;
  unchecked.check_plugins = false;
  EXPECT_NE(load({"- required_plugin_versions:\n  - name: json\n    version: 0.7.0\n"}, unchecked).rules,
            nullptr);
}

TEST(Load, PlacesInConditions) {
  const std::string bad = "proc.nam";
  check({
      {"plain", {rule_with("evt.type=open and proc.nam=x")}, "a:5:32 LOAD_ERR_COMPILE_CONDITION\n"},
      {"single quotes",
       {rule_with("'evt.type=open and proc.name=''x'' and proc.nam=x'")},
       "a:5:53 LOAD_ERR_COMPILE_CONDITION\n"},
      {"double quotes",
       {rule_with("\"evt.type=open and proc.name=\\\"x\\\" and proc.nam=x\"")},
       "a:5:53 LOAD_ERR_COMPILE_CONDITION\n"},
      {"literal",
       {rule_with("|\n    evt.type=open\n      and proc.nam=x")},
       "a:7:11 LOAD_ERR_COMPILE_CONDITION\n"},
      {"folded",
       {rule_with(">\n    evt.type=open\n    and proc.name=x\n\n    and proc.nam=x")},
       "a:9:9 LOAD_ERR_COMPILE_CONDITION\n"},
      {"plain over lines",
       {rule_with("evt.type=open\n    and proc.nam=x")},
       "a:6:9 LOAD_ERR_COMPILE_CONDITION\n"},
      {"unknown event type",
       {rule_with(">\n    proc.name=x and\n    evt.type in (open, opn)")},
       "a:7:24 LOAD_ERR_COMPILE_CONDITION\n"},
      {"in a list: at the list's name",
       {"- list: names\n  items: [open, opn]\n" +
        rule_with(">\n    evt.type in\n      (names) and proc.name=x")},
       "a:9:8 LOAD_ERR_COMPILE_CONDITION\n"},
      {"behind a list",
       {"- list: names\n  items: [open, openat]\n" + rule_with("evt.type in (names) and proc.nam=x")},
       "a:7:38 LOAD_ERR_COMPILE_CONDITION\n"},
      {"in a macro: in its text",
       {"- macro: m\n  condition: proc.nam=x\n" + rule_with("evt.type=open and m")},
       "a:2:14 LOAD_ERR_COMPILE_CONDITION\n"},
      {"in an appended part",
       {kRule, "- rule: r\n  condition: and proc.nam=x\n  override: {condition: append}\n"},
       "b:2:18 LOAD_ERR_COMPILE_CONDITION\n"},
      {"unknown macro", {rule_with("evt.type=open and nosuch")}, "a:5:32 LOAD_ERR_VALIDATE\n"},
  });
}

TEST(Load, HintsNameWhatWasMeant) {
  struct Hint {
    Texts files;
    const char* hint;
  };
  const std::vector<Hint> rows = {
      {{rule_with("evt.type=open and proc.nam=x")}, "did you mean 'proc.name'?"},
      {{rule_with("evt.type=opn")}, "did you mean 'open'?"},
      {{"- macro: spawned\n  condition: evt.type=execve\n" + rule_with("spawnd")}, "did you mean 'spawned'?"},
      {{kRule + "  prioritty: x\n"}, "did you mean 'priority'?"},
      {{"- rle: x\n"}, "did you mean 'rule'?"},
      {{"- rule: r\n  desc: d\n  condition: evt.type=open\n  output: o\n  priority: CRITCAL\n"},
       "did you mean 'CRITICAL'?"},
      {{"- list: names\n  items: [x]\n- list: nmes\n  items: [y]\n  override: {items: append}\n"},
       "did you mean 'names'?"},
      {{"- rule: Read files\n" + kRule.substr(kRule.find("  desc")) +
        "- rule: Read file\n  enabled: false\n  override: {enabled: replace}\n"},
       "did you mean 'Read files'?"},
      {{rule_with("m"), "- macro: m\n  condition: evt.type=open\n"},
       "it is defined later: define it before it is used"},
  };
  for (const Hint& row : rows) {
    const LoadResult result = load(row.files);
    EXPECT_NE(messages(result).find(std::string("hint: ") + row.hint), std::string::npos) << messages(result);
  }
}

TEST(Load, ContextSaysWhichRuleUsesTheMacro) {
  const LoadResult result = load({"- macro: m\n  condition: proc.nam=x\n", rule_with("evt.type=open and m")});
  ASSERT_EQ(result.reports[1].diagnostics.size(), 1U);
  const auto& context = result.reports[1].diagnostics[0].context;
  ASSERT_GE(context.size(), 3U);
  EXPECT_EQ(context[0].type + " " + context[0].name, "rule r");
  EXPECT_EQ(context[1].type + " " + context[1].name, "macro m");
  EXPECT_EQ(context.back().type, "condition expression");
  EXPECT_EQ(context[0].file, "b");
  EXPECT_EQ(context[1].file, "a");
}

TEST(Load, WhatIsBrokenIsReportedOnce) {
  check({
      {"macro used twice",
       {"- macro: m\n  condition: proc.name=\n" + rule_with("m and m")},
       "a:2:24 LOAD_ERR_COMPILE_CONDITION\n"},
      {"field in a macro used by two rules",
       {"- macro: m\n  condition: nosuch.field=1\n" + rule_with("evt.type=open and m") +
        "- rule: r2\n  desc: d\n  output: o\n  priority: INFO\n  condition: evt.type=open and m\n"},
       "a:2:14 LOAD_ERR_COMPILE_CONDITION\n"},
      {"override of a broken rule",
       {"- rule: r\n  desc: d\n- rule: r\n  enabled: false\n  override: {enabled: replace}\n"},
       "a:1:3 LOAD_ERR_YAML_VALIDATE\n"},
      {"names of the unread part",
       {"- rule: [\n", rule_with("evt.type=open and maybe_there")},
       "a:2:1 LOAD_ERR_YAML_PARSE\n"},
  });
}

TEST(Load, Macros) {
  check({
      {"own name",
       {"- macro: m\n  condition: m\n" + rule_with("evt.type=open and m")},
       "a:2:14 LOAD_ERR_VALIDATE\n"},
      {"later macro",
       {"- macro: x1\n  condition: x2\n- macro: x2\n  condition: evt.type=open\n" + rule_with("x1")},
       "a:2:14 LOAD_ERR_VALIDATE\n"},
      {"later macro, rule", {rule_with("m") + "- macro: m\n  condition: evt.type=open\n"}, ""},
      {"later file",
       {rule_with("m"), "- macro: m\n  condition: evt.type=open\n"},
       "a:5:14 LOAD_ERR_VALIDATE\n"},
      {"circle by redefinition",
       {"- macro: x1\n  condition: evt.type=open\n- macro: x2\n  condition: x1\n- macro: x1\n  condition: "
        "x2\n" +
        rule_with("x1")},
       "a:4:14 LOAD_ERR_VALIDATE\n"},
      {"unused", {"- macro: m\n  condition: nosuch.field=1\n" + kRule}, "a:1:3 LOAD_UNUSED_MACRO\n"},
      {"used by a later file only", {"- macro: m\n  condition: evt.type=open\n", rule_with("m")}, ""},
      {"name",
       {"- macro: m-1\n  condition: evt.type=open\n" + kRule},
       "a:1:3 LOAD_UNUSED_MACRO\na:1:10 LOAD_INVALID_MACRO_NAME\n"},
  });
}

TEST(Load, MacrosCannotExplode) {
  std::string text = "- macro: m0\n  condition: proc.name=x\n";
  for (int i = 1; i < 60; ++i)
    text += fmt::format("- macro: m{}\n  condition: m{} and m{}\n", i, i - 1, i - 1);
  const LoadResult doubled = load({text + rule_with("evt.type=open and m59")});
  EXPECT_NE(findings(doubled).find("LOAD_ERR_VALIDATE"), std::string::npos);
  text = "- macro: m0\n  condition: proc.name=x\n";
  for (int i = 1; i < 5'000; ++i) text += fmt::format("- macro: m{}\n  condition: not m{}\n", i, i - 1);
  const LoadResult tall = load({text + rule_with("evt.type=open and m4999")});
  EXPECT_NE(findings(tall).find("LOAD_ERR_VALIDATE"), std::string::npos);
}

TEST(Load, Overrides) {
  const std::string r = "- rule: r\n";
  check({
      {"append",
       {kRule + r + "  condition: and proc.name=x\n  append: true\n"},
       "a:8:3 LOAD_DEPRECATED_ITEM\n"},
      {"append nothing",
       {kRule + r + "  output: x\n  append: true\n"},
       "a:8:3 LOAD_DEPRECATED_ITEM\na:8:11 LOAD_ERR_YAML_VALIDATE\n"},
      {"append: false defines", {kRule + kRule + "  append: false\n"}, ""},
      {"append with override",
       {kRule + r + "  condition: and proc.name=x\n  append: true\n  override: {condition: append}\n"},
       "a:8:3 LOAD_DEPRECATED_ITEM\na:8:11 LOAD_ERR_YAML_VALIDATE\n"},
      {"operation",
       {kRule + r + "  output: x\n  override: {output: merge}\n"},
       "a:8:22 LOAD_ERR_YAML_VALIDATE\n"},
      {"key",
       {kRule + r + "  source: x\n  override: {source: replace}\n"},
       "a:8:14 LOAD_ERR_YAML_VALIDATE\n"},
      {"append a priority",
       {kRule + r + "  priority: INFO\n  override: {priority: append}\n"},
       "a:8:24 LOAD_ERR_YAML_VALIDATE\n"},
      {"key absent", {kRule + r + "  override: {output: replace}\n"}, "a:7:14 LOAD_ERR_YAML_VALIDATE\n"},
      {"key not listed",
       {kRule + r + "  output: x\n  priority: INFO\n  override: {output: replace}\n"},
       "a:8:3 LOAD_ERR_YAML_VALIDATE\n"},
      {"empty override defines", {kRule + r + "  override: {}\n"}, "a:6:3 LOAD_ERR_YAML_VALIDATE\n"},
      {"nothing there", {r + "  output: x\n  override: {output: append}\n"}, "a:1:3 LOAD_ERR_VALIDATE\n"},
      {"old form", {kRule + r + "  enabled: false\n"}, "a:7:3 LOAD_DEPRECATED_ITEM\n"},
      {"source change", {kRule + kRule + "  source: other\n"}, "a:11:11 LOAD_ERR_VALIDATE\n"},
      {"list append to nothing",
       {"- list: l\n  items: [a]\n  override: {items: append}\n"},
       "a:1:3 LOAD_ERR_VALIDATE\n"},
      {"list replace of nothing",
       {"- list: l\n  items: [x]\n  override: {items: replace}\n" +
        rule_with("evt.type=open and proc.name in (l)")},
       ""},
      {"macro append to nothing",
       {"- macro: m\n  condition: and x\n  append: true\n"},
       "a:1:3 LOAD_ERR_VALIDATE\na:3:3 LOAD_DEPRECATED_ITEM\n"},
      {"a later file breaks an earlier rule: its own report has it",
       {kRule, "- rule: r\n  output: '%nosuch'\n  override: {output: append}\n"},
       "b:2:12 LOAD_ERR_COMPILE_OUTPUT\n"},
  });
}

TEST(Load, ExceptionProblems) {
  const std::string e = kRule + "  exceptions:\n  - name: e\n";
  check({
      {"values", {e + "    fields: proc.name\n    values: [a]\n"}, ""},
      {"no values", {e + "    fields: proc.name\n"}, ""},
      {"no name", {kRule + "  exceptions:\n  - fields: proc.name\n"}, "a:7:5 LOAD_ERR_YAML_VALIDATE\n"},
      {"no fields", {e}, "a:7:5 LOAD_ERR_YAML_VALIDATE\n"},
      {"unknown field", {e + "    fields: [proc.name, foo.bar]\n"}, "a:8:25 LOAD_ERR_VALIDATE\n"},
      {"unknown operator", {e + "    fields: [proc.name]\n    comps: [foo]\n"}, "a:9:13 LOAD_ERR_VALIDATE\n"},
      {"operator for one value",
       {e + "    fields: proc.name\n    comps: startswith\n"},
       "a:9:12 LOAD_ERR_VALIDATE\n"},
      {"modifier", {e + "    fields: proc.name\n    comps: startswith oneof\n    values: [a]\n"}, ""},
      {"modifier on a number operator",
       {e + "    fields: [fd.num]\n    comps: [< oneof]\n"},
       "a:9:13 LOAD_ERR_VALIDATE\n"},
      {"count of comps",
       {e + "    fields: [proc.name, fd.name]\n    comps: [=]\n"},
       "a:9:12 LOAD_ERR_VALIDATE\n"},
      {"forms mixed", {e + "    fields: [proc.name]\n    comps: in\n"}, "a:9:12 LOAD_ERR_VALIDATE\n"},
      {"count of values",
       {e + "    fields: [proc.name, fd.name]\n    values: [[a]]\n"},
       "a:9:14 LOAD_ERR_VALIDATE\n"},
      {"row is a text", {e + "    fields: [proc.name]\n    values: [a]\n"}, "a:9:14 LOAD_ERR_VALIDATE\n"},
      {"value is a list", {e + "    fields: proc.name\n    values: [[a]]\n"}, "a:9:14 LOAD_ERR_VALIDATE\n"},
      {"values is a map",
       {e + "    fields: proc.name\n    values: [{a: b}]\n"},
       "a:9:14 LOAD_ERR_YAML_VALIDATE\n"},
      {"a transformer is a field", {e + "    fields: tolower(proc.name)\n    values: [a]\n"}, ""},
      {"twice",
       {e + "    fields: proc.name\n  - name: e\n    fields: proc.name\n"},
       "a:9:5 LOAD_EXCEPTION_NAME_NOT_UNIQUE\n"},
      {"append new without values",
       {kRule +
        "- rule: r\n  exceptions: [{name: e, fields: proc.name}]\n  override: {exceptions: append}\n"},
       "a:7:16 LOAD_ERR_VALIDATE\n"},
      {"append fields",
       {e + "    fields: proc.name\n- rule: r\n  exceptions: [{name: e, fields: fd.name, values: [x]}]\n  "
            "override: {exceptions: append}\n"},
       "a:10:34 LOAD_ERR_VALIDATE\n"},
      {"append no values",
       {e +
        "    fields: proc.name\n- rule: r\n  exceptions: [{name: e}]\n  override: {exceptions: append}\n"},
       "a:10:16 LOAD_APPEND_NO_VALUES\n"},
      {"a value that breaks the condition: at the value",
       {e + "    fields: fd.num\n    values: [1, x1]\n"},
       "a:9:17 LOAD_ERR_COMPILE_CONDITION\n"},
  });
}

TEST(Load, CompileWarnings) {
  check({
      {"all event types", {rule_with("proc.name=x")}, "a:1:3 LOAD_NO_EVTTYPE\n"},
      {"all but one", {rule_with("not evt.type=open")}, "a:1:3 LOAD_NO_EVTTYPE\n"},
      {"silenced", {rule_with("proc.name=x") + "  warn_evttypes: false\n"}, ""},
      {"never", {rule_with("evt.type=open and evt.type=close")}, ""},
      {"asynchronous", {rule_with("evt.type=asyncevent")}, ""},
      {"deprecated field", {rule_with("evt.dir=< and evt.type=open")}, "a:5:14 LOAD_DEPRECATED_ITEM\n"},
      {"%container.info",
       {kRule + "- rule: r\n  output: 'a %container.info b'\n  override: {output: append}\n"},
       "a:7:14 LOAD_DEPRECATED_ITEM\n"},
      {"skip unknown",
       {rule_with("evt.type=open and foo.bar=1") + "  skip-if-unknown-filter: true\n"},
       "a:5:32 LOAD_UNKNOWN_FILTER\n"},
      {"skip does not excuse syntax",
       {rule_with("evt.type=open and") + "  skip-if-unknown-filter: true\n"},
       "a:5:31 LOAD_ERR_COMPILE_CONDITION\n"},
  });
}

const Rule* find_rule(const LoadResult& result, std::string_view name) {
  const auto found = std::ranges::find(result.all_rules, name, &Rule::name);
  return found == result.all_rules.end() ? nullptr : &*found;
}

// What a condition has become in the end.
struct Final {
  const char* what;
  Texts files;
  const char* compiled;
};

void check_final(const std::vector<Final>& rows) {
  for (const Final& row : rows) {
    const LoadResult result = load(row.files);
    ASSERT_EQ(result.all_rules.size(), 1U) << row.what << '\n' << messages(result);
    EXPECT_EQ(result.all_rules[0].condition_compiled, row.compiled) << row.what;
  }
}

TEST(Load, FinalConditionsOfListsAndMacros) {
  const std::string names = "- list: names\n  items: [x, y z]\n";
  check_final({
      {"list",
       {names + rule_with("evt.type=open and proc.name in (names)")},
       "(evt.type = open and proc.name in (x, \"y z\"))"},
      {"list changed later",
       {names + rule_with("proc.name in (names)") + "  warn_evttypes: no\n",
        "- list: names\n  items: [w]\n  override: {items: append}\n"},
       "proc.name in (x, \"y z\", w)"},
      {"macro changed later",
       {"- macro: m\n  condition: evt.type=open\n- macro: n\n  condition: not m\n" + rule_with("n") +
            "  warn_evttypes: no\n",
        "- macro: m\n  condition: evt.type=close\n"},
       "not evt.type = close"},
      {"macro as a subtree",
       {"- macro: m\n  condition: proc.name=x or proc.name=y\n" + rule_with("evt.type=open and m")},
       "(evt.type = open and (proc.name = x or proc.name = y))"},
      {"appended text binds as text",
       {"- macro: m\n  condition: evt.type=open or evt.type=close\n"
        "- macro: m\n  condition: and proc.name=x\n  override: {condition: append}\n" +
        rule_with("m")},
       "(evt.type = open or (evt.type = close and proc.name = x))"},
  });
}

TEST(Load, FinalConditionsOfExceptions) {
  const std::string names = "- list: names\n  items: [x, y z]\n";
  const std::string e = kRule + "  exceptions:\n  - name: e\n";
  const std::string append_e = "- rule: r\n  override: {exceptions: append}\n  exceptions:\n  - name: e\n";
  check_final({
      {"one field",
       {e + "    fields: proc.name\n    values: [a, b c]\n"},
       "(evt.type = openat and not proc.name in (a, \"b c\"))"},
      {"one field, operator",
       {e + "    fields: fd.name\n    comps: pmatch\n    values: [/etc, /usr]\n"},
       "(evt.type = openat and not fd.name pmatch (/etc, /usr))"},
      {"one field, modifier",
       {e + "    fields: proc.name\n    comps: ' startswith anyof '\n    values: [a]\n"},
       "(evt.type = openat and not proc.name startswith anyof (a))"},
      {"no values", {e + "    fields: proc.name\n"}, "evt.type = openat"},
      {"rows",
       {e + "    fields: [proc.name, fd.name]\n    comps: [in, =]\n    values:\n    - [[a, b], /x]\n    - "
            "['(c)', /y]\n"},
       "(evt.type = openat and not ((proc.name in (a, b) and fd.name = /x) or (proc.name in (c) and fd.name "
       "= /y)))"},
      {"list name as a value",
       {names + e + "    fields: [proc.name]\n    comps: [in]\n    values: [[names]]\n"},
       "(evt.type = openat and not proc.name in (x, \"y z\"))"},
      {"val() as a value",
       {e + "    fields: [proc.name]\n    values: [[val(proc.pname)]]\n"},
       "(evt.type = openat and not proc.name = val(proc.pname))"},
      {"values added",
       {e + "    fields: proc.name\n    values: [a]\n", append_e + "    values: [b]\n"},
       "(evt.type = openat and not proc.name in (a, b))"},
      {"exception added",
       {kRule, append_e + "    fields: proc.name\n    values: [b]\n"},
       "(evt.type = openat and not proc.name in (b))"},
      {"exceptions replaced",
       {e + "    fields: proc.name\n    values: [a]\n",
        "- rule: r\n  override: {exceptions: replace}\n  exceptions:\n  - name: f\n    fields: fd.name\n    "
        "values: [b]\n"},
       "(evt.type = openat and not fd.name in (b))"},
      {"exceptions removed",
       {e + "    fields: proc.name\n    values: [a]\n",
        "- rule: r\n  override: {exceptions: replace}\n  exceptions: []\n"},
       "evt.type = openat"},
      {"or inside",
       {rule_with("evt.type=open or evt.type=close") +
        "  exceptions: [{name: e, fields: proc.name, values: [a]}]\n"},
       "((evt.type = open or evt.type = close) and not proc.name in (a))"},
  });
}

TEST(Load, RedefinitionKeepsThePlaceInTheOrder) {
  const LoadResult result =
      load({kRule + "- rule: r2\n  desc: d\n  condition: evt.type=open\n  output: o\n  priority: INFO\n",
            "- rule: r\n  desc: new\n  condition: evt.type=close\n  output: ' n '\n  priority: DEBUG\n"});
  ASSERT_NE(result.rules, nullptr);
  ASSERT_EQ(result.all_rules.size(), 2U);
  EXPECT_EQ(result.all_rules[0].name, "r");
  EXPECT_EQ(result.all_rules[0].condition, "evt.type=close");
  EXPECT_EQ(result.all_rules[0].output, "n");
  EXPECT_EQ(result.all_rules[0].priority, Priority::kDebug);
  EXPECT_EQ(result.all_rules[0].file, "a");
  EXPECT_EQ(result.all_rules[0].line, 1U);
}

TEST(Load, OverridesChangeWhatTheySay) {
  const LoadResult result =
      load({kRule + "  tags: [b, a]\n",
            "- rule: r\n  condition: and proc.name=x\n  output: more\n  desc: e\n  tags: [c, a]\n"
            "  priority: ERROR\n  enabled: false\n  capture: true\n  capture_duration: 5\n"
            "  override: {condition: append, output: append, desc: append, tags: append, "
            "priority: replace, enabled: replace, capture: replace, capture_duration: replace}\n"});
  ASSERT_NE(result.rules, nullptr) << messages(result);
  const Rule* rule = find_rule(result, "r");
  ASSERT_NE(rule, nullptr);
  EXPECT_EQ(rule->condition, "evt.type=openat and proc.name=x");
  EXPECT_EQ(rule->output, "o more");
  EXPECT_EQ(rule->description, "d e");
  EXPECT_EQ(rule->tags, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(rule->priority, Priority::kError);
  EXPECT_TRUE(rule->capture);
  EXPECT_EQ(rule->capture_duration_ms, 5U);
  EXPECT_FALSE(rule->enabled);
  EXPECT_TRUE(result.rules->rules().empty());
}

TEST(Load, SelectionAndPriorityDecideWhatRuns) {
  const std::string text =
      kRule +
      "- rule: r2\n  desc: d\n  condition: evt.type=open\n  output: o\n  priority: ERROR\n  enabled: false\n";
  LoadOptions options;
  options.selection = {{true, "r2", ""}};
  const LoadResult both = load({text}, options);
  ASSERT_NE(both.rules, nullptr) << messages(both);
  EXPECT_EQ(both.rules->rules().size(), 2U);
  options.minimum_priority = Priority::kWarning;
  const LoadResult result = load({text}, options);
  ASSERT_NE(result.rules, nullptr);
  ASSERT_EQ(result.rules->rules().size(), 1U);
  EXPECT_EQ(result.rules->rules()[0].rule.name, "r2");
  EXPECT_EQ(result.all_rules.size(), 2U);
}

std::string rendered(const LoadResult& result) {
  if (!result.rules || result.rules->rules().empty()) return messages(result);
  std::string text;
  for (const auto& part : result.rules->rules()[0].output.parts()) {
    if (const auto* literal = std::get_if<OutputTemplate::Literal>(&part)) {
      text += literal->text;
    } else {
      text += '%' + std::get<OutputTemplate::Expression>(part).field.text();
    }
  }
  return text;
}

TEST(Load, AppendOutput) {
  LoadOptions options;
  AppendOutput extra;
  extra.extra_output = "by %proc.name";
  AppendOutput other = extra;
  other.match_rule = "another";
  AppendOutput tagged;
  tagged.match_tags = {"t"};
  tagged.match_source = "syscall";
  tagged.suggested_output = true;
  options.append_output = {extra, other, tagged};
  EXPECT_EQ(rendered(load({kRule}, options)), "o by %proc.name");
  EXPECT_EQ(rendered(load({kRule + "  tags: [t]\n"}, options)),
            "o by %proc.name container_id=%container.id container_name=%container.name "
            "container_image_repository=%container.image.repository container_image_tag=%container.image.tag "
            "k8s_pod_name=%k8s.pod.name k8s_ns_name=%k8s.ns.name");
  options.append_output[0].extra_output = "%nosuch";
  const LoadResult result = load({kRule}, options);
  EXPECT_EQ(findings(result), "a:4:11 LOAD_ERR_COMPILE_OUTPUT\n");
}

TEST(Load, NothingIsTakenFromTheEnvironment) {
  const LoadResult result =
      load({"- rule: ${HOME}\n  desc: d\n  condition: evt.type=open\n  output: ${HOME}\n  priority: INFO\n"});
  ASSERT_NE(find_rule(result, "${HOME}"), nullptr);
  EXPECT_EQ(find_rule(result, "${HOME}")->output, "${HOME}");
}

}  // namespace
}  // namespace saker::rules
