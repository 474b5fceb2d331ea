// Real rule files load unchanged.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "fields/catalogue.h"
#include "rules/load.h"
#include "rules/yaml_document.h"

namespace saker::rules {
namespace {

const std::string kData = std::string(SAKER_SHARED_DIR) + "/data";

std::size_t count(const LoadResult& result, Severity severity) {
  std::size_t found = 0;
  for (const FileReport& report : result.reports) {
    found +=
        static_cast<std::size_t>(std::ranges::count(report.diagnostics, severity, &Diagnostic::severity));
  }
  return found;
}

TEST(RuleFiles, OfficialFilesLoad) {
  if (!std::filesystem::exists(kData + "/rules")) GTEST_SKIP() << "no reference data";
  const auto found = read_rule_files({kData + "/rules"});
  ASSERT_TRUE(found.has_value());
  ASSERT_EQ(found->files.size(), 3U);
  for (const RuleFile& file : found->files) {
    const LoadResult alone = load_rules({file}, fields::syscall_catalogue(), {});
    EXPECT_EQ(count(alone, Severity::kError), 0U) << text_report(alone.reports);
    ASSERT_NE(alone.rules, nullptr);
    EXPECT_GT(alone.all_rules.size(), 20U);
  }
  const LoadResult together = load_rules(found->files, fields::syscall_catalogue(), {});
  EXPECT_NE(together.rules, nullptr) << text_report(together.reports);
}

TEST(RuleFiles, FirstUsersRulesLoad) {
  const auto values = read_file(kData + "/lumie/helm-values.yaml");
  if (!values) GTEST_SKIP() << "no reference data";
  const YamlStream stream = parse_yaml(*values, 0);
  const YamlEntry* custom = stream.documents.at(0).find("customRules");
  ASSERT_NE(custom, nullptr);
  std::vector<RuleFile> files;
  for (const YamlEntry& entry : custom->value.entries)
    files.push_back({entry.key.scalar, entry.value.scalar});
  ASSERT_FALSE(files.empty());
  const LoadResult result = load_rules(files, fields::syscall_catalogue(), {});
  ASSERT_NE(result.rules, nullptr) << text_report(result.reports);
  EXPECT_EQ(result.rules->rules().size(), result.all_rules.size());
  EXPECT_FALSE(result.all_rules.empty());
}

TEST(RuleFiles, ShippedRulesLoad) {
  const std::string folder = std::string(SAKER_SOURCE_DIR) + "/rules";
  const auto found = read_rule_files({folder, folder + "/rules.d"});
  ASSERT_TRUE(found.has_value());
  if (found->files.empty()) GTEST_SKIP() << "no rules are shipped";
  const LoadResult result = load_rules(found->files, fields::syscall_catalogue(), {});
  EXPECT_NE(result.rules, nullptr) << text_report(result.reports);
}

}  // namespace
}  // namespace saker::rules
