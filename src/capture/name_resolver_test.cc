#include "capture/name_resolver.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

namespace saker::capture {
namespace {

constexpr std::string_view kOne("\x01\x02\x03\x04", 4), kTwo("\x05\x06\x07\x08", 4);

// The answers once `ready` holds for them.
template <class Ready>
std::shared_ptr<const state::DomainNames> wait_for(const NameResolver& resolver, Ready ready) {
  for (;;) {
    if (auto answers = resolver.answers(); answers && ready(*answers)) return answers;
    std::this_thread::yield();
  }
}

bool any(const state::DomainNames&) { return true; }

TEST(NameResolver, AnAddressHasAllItsNames) {
  const std::map<std::string, std::vector<std::string>> hosts = {
      {"a.example", {std::string(kOne), std::string(kTwo)}},
      {"b.example", {std::string(kOne)}},
      {"gone.example", {}}};
  NameResolver resolver([hosts](const std::string& name) { return hosts.at(name); });
  EXPECT_EQ(resolver.answers(), nullptr);
  resolver.ask({"a.example", "b.example", "gone.example"});
  const auto answers = wait_for(resolver, any);
  EXPECT_EQ(answers->by_address.size(), 2U);
  EXPECT_EQ(answers->by_address.find(kOne)->second, (std::vector<std::string>{"a.example", "b.example"}));
  EXPECT_EQ(answers->by_address.find(kTwo)->second, (std::vector<std::string>{"a.example"}));
}

TEST(NameResolver, AsksAgainAndForgetsWhatNoRuleNames) {
  NameResolver resolver(
      [asked = std::make_shared<std::atomic<int>>(0)](const std::string&) {
        return std::vector{std::string((*asked)++ < 3 ? kOne : kTwo)};
      },
      std::chrono::milliseconds(1));
  resolver.ask({"moving.example"});
  wait_for(resolver, [](const auto& answers) { return answers.by_address.contains(kTwo); });
  resolver.ask({});
  EXPECT_EQ(resolver.answers(), nullptr);
}

TEST(NameResolver, TheMachinesOwnNameHasAnAddress) {
  EXPECT_FALSE(look_up("localhost").empty());
  EXPECT_TRUE(look_up("no such name").empty());
}

}  // namespace
}  // namespace saker::capture
