#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "rules/load.h"

namespace saker::rules {
namespace {

Diagnostic unknown_field() {
  Diagnostic made;
  made.code = "LOAD_ERR_COMPILE_CONDITION";
  made.message = "unknown field 'proc.nam'";
  made.hint = "did you mean 'proc.name'?";
  made.file = "rules.yaml";
  made.line = 12;
  made.column = 14;
  made.offset = 200;
  made.length = 8;
  made.source_line = "  condition: proc.nam = cat";
  made.context = {{"rule", "r", 10, 3, 150, "other.yaml"},
                  {"condition expression", "\"proc.nam = cat\"", 12, 14, 200, ""}};
  return made;
}

TEST(TextReport, ErrorWithCaretHintAndVerdict) {
  EXPECT_EQ(text_report({{"rules.yaml", {unknown_field()}}}),
            "rules.yaml:12:14: error: unknown field 'proc.nam' [LOAD_ERR_COMPILE_CONDITION]\n"
            "   12 |   condition: proc.nam = cat\n"
            "      |              ^~~~~~~~\n"
            "hint: did you mean 'proc.name'?\n"
            "rules.yaml: Invalid\n");
}

TEST(TextReport, Verdicts) {
  Diagnostic warning = unknown_field();
  warning.severity = Severity::kWarning;
  warning.hint.clear();
  EXPECT_EQ(text_report({{"a.yaml", {}}}), "a.yaml: Ok\n");
  const std::string text = text_report({{"a.yaml", {warning}}, {"b.yaml", {}}});
  EXPECT_NE(text.find(": warning: "), std::string::npos);
  EXPECT_TRUE(text.ends_with("\na.yaml: Ok, with warnings\nb.yaml: Ok\n")) << text;
}

TEST(TextReport, SaysThroughWhichItems) {
  Diagnostic made = unknown_field();
  made.context.insert(made.context.begin() + 1, {"macro", "m", 2, 3, 20, ""});
  EXPECT_NE(text_report({{"rules.yaml", {made}}}).find("\nin: rule 'r', macro 'm'\n"), std::string::npos);
}

TEST(TextReport, CaretLinesUpBehindTabsAndLongLines) {
  Diagnostic made = unknown_field();
  made.source_line = "\t\u00e4 proc.nam";
  made.column = 5;
  EXPECT_NE(text_report({{"f", {made}}}).find("| \t\u00e4 proc.nam\n      | \t  ^~~~~~~~\n"),
            std::string::npos);
  made.source_line = std::string(5'000, 'x') + "proc.nam" + std::string(5'000, '\x1b');
  made.column = 5'001;
  const std::string text = text_report({{"f", {made}}});
  EXPECT_LT(text.size(), 700U);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("proc.nam??"), std::string::npos);
}

TEST(JsonReport, PositionsCountFromZero) {
  const std::string text = json_report({{"rules.yaml", {unknown_field()}}, {"b.yaml", {}}});
  EXPECT_EQ(text.find('\n'), std::string::npos);
  const auto json = nlohmann::json::parse(text);
  const auto& files = json.at("falco_load_results");
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].at("name"), "rules.yaml");
  EXPECT_EQ(files[0].at("successful"), false);
  EXPECT_EQ(files[0].at("warnings").size(), 0U);
  const auto& error = files[0].at("errors").at(0);
  EXPECT_EQ(error.at("code"), "LOAD_ERR_COMPILE_CONDITION");
  EXPECT_FALSE(error.at("codedesc").get<std::string>().empty());
  EXPECT_EQ(error.at("message"), "unknown field 'proc.nam' (did you mean 'proc.name'?)");
  const auto& rule = error.at("context").at("locations").at(1);
  EXPECT_EQ(rule.at("item_type"), "rule");
  EXPECT_EQ(rule.at("item_name"), "r");
  EXPECT_EQ(rule.at("position").at("line"), 9);
  EXPECT_EQ(rule.at("position").at("column"), 2);
  EXPECT_EQ(rule.at("position").at("offset"), 150);
  EXPECT_EQ(rule.at("position").at("name"), "other.yaml");
  EXPECT_EQ(error.at("context").at("locations").at(2).at("item_type"), "condition expression");
  EXPECT_EQ(files[1].at("successful"), true);
}

TEST(JsonReport, BytesThatAreNotUtf8AreReplaced) {
  Diagnostic made = unknown_field();
  made.source_line = "\xff";
  made.column = 1;
  EXPECT_FALSE(nlohmann::json::parse(json_report({{"f", {made}}})).empty());
}

}  // namespace
}  // namespace saker::rules
