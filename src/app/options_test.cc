#include "app/options.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace saker::app {
namespace {

std::variant<Options, int> parse(std::vector<std::string> words) {
  words.insert(words.begin(), "saker");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  return parse_command_line(static_cast<int>(argv.size()), argv.data());
}

struct Row {
  std::vector<std::string> words;
  Command want;
};

const Row kRows[] = {
    {{}, Command::kRun},
    {{"-r", "a.yaml", "-r", "b"}, Command::kRun},
    {{"-V", "a.yaml"}, Command::kValidate},
    {{"--validate", "a.yaml", "-o", "json_output=true"}, Command::kValidate},
    {{"--dry-run"}, Command::kDryRun},
    {{"--list"}, Command::kListFields},
    {{"--list=syscall", "-N"}, Command::kListFields},
    {{"list", "fields", "--status"}, Command::kListFields},
    {{"--list-events"}, Command::kListEvents},
    {{"-L"}, Command::kListRules},
    {{"-l", "A rule"}, Command::kListRules},
    {{"--version"}, Command::kVersion},
    {{"-v"}, Command::kVersion},
    {{"doctor"}, Command::kDoctor},
    {{"rules", "plan", "-r", "x.yaml"}, Command::kRulesPlan},
};

TEST(Options, Commands) {
  for (const Row& row : kRows) {
    const auto parsed = parse(row.words);
    ASSERT_TRUE(std::holds_alternative<Options>(parsed)) << testing::PrintToString(row.words);
    EXPECT_EQ(std::get<Options>(parsed).command, row.want) << testing::PrintToString(row.words);
  }
}

TEST(Options, ValuesAreKept) {
  const auto parsed = parse({"-r", "a", "-r", "b", "-o", "k.s[0]=v=w", "-M", "1.5", "-U", "-p", "c"});
  ASSERT_TRUE(std::holds_alternative<Options>(parsed));
  const auto& options = std::get<Options>(parsed);
  EXPECT_EQ(options.rules_files, (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(options.overrides.size(), 1U);
  EXPECT_EQ(options.overrides[0].first, "k.s[0]");
  EXPECT_EQ(options.overrides[0].second, "v=w");
  EXPECT_DOUBLE_EQ(options.stop_after_seconds, 1.5);
  EXPECT_TRUE(options.unbuffered);
  EXPECT_EQ(options.append_output, "");  // -pc changes nothing, as in Falco
}

TEST(Options, MistakesEndTheProgram) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"--no-such"}, {"-o", "novalue"}, {"-c", "/no/such/file"}, {"rules"}}) {
    const auto parsed = parse(words);
    ASSERT_TRUE(std::holds_alternative<int>(parsed)) << testing::PrintToString(words);
    EXPECT_EQ(std::get<int>(parsed), 1);
  }
  EXPECT_EQ(std::get<int>(parse({"--help"})), 0);
}

}  // namespace
}  // namespace saker::app
