#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "rules/load.h"

namespace saker::rules {
namespace {

namespace fs = std::filesystem;

class RulePaths : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(testing::TempDir()) / ("rule_paths." + std::to_string(::getpid()));
    fs::create_directories(root_ / "rules.d" / "inner.yaml");
    for (const char* name : {"main.yaml", "notes.txt", "rules.d/b.yml", "rules.d/a.yaml", "rules.d/README",
                             "rules.d/inner.yaml/deep.yaml"}) {
      std::ofstream(root_ / name) << "# " << name << '\n';
    }
    fs::create_symlink(root_ / "main.yaml", root_ / "rules.d" / "c.yaml");
    fs::create_symlink(root_ / "gone", root_ / "rules.d" / "d.yaml");
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string at(const char* name) const { return (root_ / name).string(); }
  fs::path root_;
};

TEST_F(RulePaths, FilesAsNamedFoldersSorted) {
  const auto found = read_rule_files({at("rules.d"), at("nosuch.yaml"), at("main.yaml"), at("notes.txt")});
  ASSERT_TRUE(found.has_value()) << found.error().message;
  std::vector<std::string> names;
  for (const RuleFile& file : found->files) names.push_back(file.name);
  EXPECT_THAT(names, testing::ElementsAre(at("rules.d/a.yaml"), at("rules.d/b.yml"), at("rules.d/c.yaml"),
                                          at("main.yaml")));
  EXPECT_EQ(found->files[1].text, "# rules.d/b.yml\n");
  EXPECT_THAT(found->missing, testing::ElementsAre(at("nosuch.yaml")));
  EXPECT_THAT(found->ignored, testing::ElementsAre(at("notes.txt")));
}

TEST_F(RulePaths, NothingAskedNothingFound) {
  const auto found = read_rule_files({});
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(found->files.empty());
}

}  // namespace
}  // namespace saker::rules
