#include "rules/yaml_document.h"

#include <gtest/gtest.h>

#include <string>

namespace saker::rules {
namespace {

TEST(YamlDocument, KeepsOrderAndPlaces) {
  const std::string text = "# comment\n- rule: r\n  tags: [a, b]\n---\n- ~\n";
  const YamlStream stream = parse_yaml(text, 3);
  EXPECT_FALSE(stream.problem.has_value());
  ASSERT_EQ(stream.documents.size(), 2U);
  const YamlNode& item = stream.documents[0].items.at(0);
  ASSERT_EQ(item.entries.size(), 2U);
  EXPECT_EQ(item.entries[0].key.scalar, "rule");
  EXPECT_EQ(item.entries[0].key.place, (Place{3, 12, 4}));
  EXPECT_EQ(item.entries[0].value.place, (Place{3, 18, 1}));
  const YamlEntry* tags = item.find("tags");
  ASSERT_NE(tags, nullptr);
  EXPECT_EQ(tags->value.kind, YamlNode::Kind::kSequence);
  EXPECT_EQ(tags->value.items.at(1).scalar, "b");
  EXPECT_EQ(stream.documents[1].items.at(0).kind, YamlNode::Kind::kNull);
}

TEST(YamlDocument, FirstOfTwoEqualKeysCounts) {
  const YamlStream stream = parse_yaml("a: 1\na: 2\n", 0);
  EXPECT_EQ(stream.documents.at(0).find("a")->value.scalar, "1");
  EXPECT_EQ(stream.documents.at(0).find("b"), nullptr);
}

TEST(YamlDocument, EmptyTexts) {
  for (const char* text : {"", "# nothing\n", "\n\n"}) {
    const YamlStream stream = parse_yaml(text, 0);
    EXPECT_FALSE(stream.problem.has_value()) << text;
    for (const YamlNode& document : stream.documents) EXPECT_EQ(document.kind, YamlNode::Kind::kNull);
  }
}

TEST(YamlDocument, SyntaxErrorIsLocatedAndKeepsWhatWasComplete) {
  const std::string text = "- rule: a\n- rule: b\n- rule: [\n";
  const YamlStream stream = parse_yaml(text, 1);
  ASSERT_TRUE(stream.problem.has_value());
  EXPECT_EQ(stream.problem->place.file, 1U);
  EXPECT_GE(stream.problem->place.offset, text.find('['));
  ASSERT_EQ(stream.documents.size(), 1U);
  EXPECT_EQ(stream.documents[0].items.size(), 2U);
}

TEST(YamlDocument, RefusesWhatWouldExplode) {
  std::string bomb = "- &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string alias = "*a" + std::to_string(i - 1);
    bomb += "- &a" + std::to_string(i) + " [";
    for (int n = 0; n < 10; ++n) bomb += (n > 0 ? ", " : "") + alias;
    bomb += "]\n";
  }
  std::string deep(kYamlDepthMax + 1, '[');
  deep += std::string(kYamlDepthMax + 1, ']');
  for (const std::string& text : {bomb, deep, std::string("&a [*a]"), std::string(10'000, '[')}) {
    EXPECT_TRUE(parse_yaml(text, 0).problem.has_value()) << text.substr(0, 40);
  }
}

}  // namespace
}  // namespace saker::rules
