#include "app/commands.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "base/log.h"

namespace saker::app {
namespace {

constexpr const char* kGood =
    "- list: names\n  items: [cat]\n"
    "- rule: A rule\n  desc: >\n    what it is for\n  condition: evt.type = openat and container.id != host\n"
    "  output: o %proc.name\n  priority: ERROR\n  tags: [b, a]\n";
constexpr const char* kBad =
    "- rule: B\n  desc: d\n  condition: evt.tpye = open\n  output: o\n  priority: ERROR\n";

class Commands : public testing::Test {
 protected:
  void TearDown() override {
    for (const std::string& file : files_) unlink(file.c_str());
  }

  std::string file(const char* content) {
    char name[] = "/tmp/saker-commands-XXXXXX.yaml";
    const int fd = mkstemps(name, 5);
    EXPECT_GE(fd, 0);
    close(fd);
    std::ofstream(name) << content;
    files_.emplace_back(name);
    return name;
  }

  template <class Command>
  int run(Command command) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = command();
    std::fflush(stdout);
    out_ = testing::internal::GetCapturedStdout();
    err_ = testing::internal::GetCapturedStderr();
    return status;
  }

  std::string out_, err_;

 private:
  std::vector<std::string> files_;
};

TEST_F(Commands, ValidateInTextAndJson) {
  Config config;
  Options options;
  options.validate_files = {file(kGood), file(kBad)};
  EXPECT_EQ(run([&] { return command_validate(config, options); }), kExitBadInput);
  EXPECT_NE(out_.find("error: "), std::string::npos) << out_;
  EXPECT_NE(out_.find("did you mean 'evt.type'?"), std::string::npos) << out_;

  config.format.json = true;
  EXPECT_EQ(run([&] { return command_validate(config, options); }), kExitBadInput);
  const auto report = nlohmann::json::parse(out_);
  ASSERT_EQ(report.at("falco_load_results").size(), 2U);
  EXPECT_EQ(report["falco_load_results"][0]["successful"], true);
  EXPECT_EQ(report["falco_load_results"][1]["successful"], false);

  options.validate_files.pop_back();
  EXPECT_EQ(run([&] { return command_validate(config, options); }), kExitGood);
  options.validate_files.emplace_back("/no/such/file.yaml");
  EXPECT_EQ(run([&] { return command_validate(config, options); }), kExitBadInput);
}

TEST_F(Commands, DryRunSaysWhetherTheRulesAreGood) {
  Config config;
  config.rules_files = {file(kGood), "/no/such/rules.d"};
  EXPECT_EQ(run([&] { return command_dry_run(config); }), kExitGood);
  EXPECT_NE(err_.find("/no/such/rules.d does not exist"), std::string::npos) << err_;
  config.rules_files = {file(kBad)};
  EXPECT_EQ(run([&] { return command_dry_run(config); }), kExitBadInput);
  EXPECT_NE(err_.find("evt.tpye"), std::string::npos) << err_;
}

TEST_F(Commands, FindingsAreJsonLinesWhereAlertsAre) {
  Config config;
  config.format.json = true;
  config.rules_files = {file(kBad)};
  configure_log({.json = true});
  EXPECT_EQ(run([&] { return command_dry_run(config); }), kExitBadInput);
  configure_log({});
  ASSERT_FALSE(err_.empty());
  for (std::size_t begin = 0; begin < err_.size(); begin = err_.find('\n', begin) + 1) {
    const std::string line = err_.substr(begin, err_.find('\n', begin) - begin);
    EXPECT_TRUE(nlohmann::json::accept(line)) << line;
  }
}

TEST_F(Commands, ListRules) {
  Config config;
  Options options;
  config.rules_files = {file(kGood)};
  EXPECT_EQ(run([&] { return command_list_rules(config, options); }), kExitGood);
  EXPECT_NE(out_.find("A rule"), std::string::npos);
  EXPECT_NE(out_.find("what it is for\n"), std::string::npos);
  EXPECT_EQ(std::ranges::count(out_, '\n'), 1) << out_;

  config.format.json = true;
  options.rule = "A rule";
  EXPECT_EQ(run([&] { return command_list_rules(config, options); }), kExitGood);
  EXPECT_EQ(nlohmann::json::parse(out_)["rules"][0]["info"]["priority"], "Error");

  options.rule = "No such rule";
  EXPECT_EQ(run([&] { return command_list_rules(config, options); }), kExitBadInput);
}

TEST_F(Commands, RulesPlan) {
  Config config;
  config.rules_files = {file(kGood)};
  EXPECT_EQ(run([&] { return command_rules_plan(config); }), kExitGood);
  EXPECT_TRUE(out_.starts_with("openat\n  asked: scope\n   0 A rule\n       scope: container undecided\n"))
      << out_;
  EXPECT_NE(out_.find("1 calls are wanted"), std::string::npos) << out_;
  EXPECT_NE(out_.find("\nhere: "), std::string::npos) << out_;

  config.format.json = true;
  config.driver.call_hooks = capture::CallHooksKind::kEach;
  EXPECT_EQ(run([&] { return command_rules_plan(config); }), kExitGood);
  const auto said = nlohmann::json::parse(out_);
  EXPECT_EQ(said["programs"][0]["events"][0], "openat");
  EXPECT_EQ(said["hooks"]["chosen"], "each");
  EXPECT_LT(said["hooks"]["each_ns"], said["hooks"]["one_ns"]);
}

TEST_F(Commands, ListFields) {
  Options options;
  options.names_only = true;
  EXPECT_EQ(run([&] { return command_list_fields(options); }), kExitGood);
  EXPECT_NE(out_.find("proc.name\n"), std::string::npos);
  EXPECT_EQ(out_.find(' '), std::string::npos);
  options = {};
  options.markdown = true;
  EXPECT_EQ(run([&] { return command_list_fields(options); }), kExitGood);
  EXPECT_EQ(out_.find("| field | type |"), 0U);
  options.list_source = "k8s_audit";
  EXPECT_EQ(run([&] { return command_list_fields(options); }), kExitBadInput);
}

TEST_F(Commands, ListEvents) {
  EXPECT_EQ(run([&] { return command_list_events({}); }), kExitGood);
  EXPECT_NE(out_.find("watched"), std::string::npos);
  EXPECT_NE(out_.find("not watched yet"), std::string::npos);
}

TEST_F(Commands, Version) {
  EXPECT_EQ(run([] { return command_version(); }), kExitGood);
  EXPECT_EQ(out_.find("saker "), 0U);
}

}  // namespace
}  // namespace saker::app
