// A group is found for every value, and values that differ are in different groups.
#include "rules/plan_groups.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <optional>

#include "rules/constants.h"
#include "rules/plan_model_for_tests.h"

namespace saker::rules {
namespace {

TEST(NumberGroups, WhatComesToTheSameIsOne) {
  const auto told = [](std::uint32_t n) {
    return std::string(n == 22 || n == 80 ? "in" : n > 1000 ? "big" : "");
  };
  const NumberGroups made = group_numbers({22, 23, 80, 81, 1001}, told);
  EXPECT_EQ(made.examples.size(), 4U);
  for (const std::uint32_t n : {0U, 1U, 21U, 22U, 23U, 79U, 80U, 81U, 1000U, 1001U, UINT32_MAX})
    EXPECT_EQ(told(made.examples[group_in(made.ranges, n)]), told(n)) << n;
  EXPECT_EQ(range_texts(made.ranges, group_in(made.ranges, 80)), (std::vector<std::string>{"22", "80"}));
  EXPECT_EQ(range_texts(made.ranges, group_in(made.ranges, 5000)), std::vector<std::string>{"1001-"});
}

TEST(NumberGroups, TheLastNumberHasAGroupOfItsOwn) {
  const auto told = [](std::uint32_t n) { return std::string(n == UINT32_MAX ? "none" : ""); };
  const NumberGroups made = group_numbers({0, UINT32_MAX}, told);
  EXPECT_NE(group_in(made.ranges, UINT32_MAX), group_in(made.ranges, UINT32_MAX - 1));
  EXPECT_NE(group_in(made.ranges, UINT32_MAX), 0);
}

TEST(NumberGroups, WhatHasNoRoomIsNotDecided) {
  std::set<std::uint32_t> from;
  for (std::uint32_t n = 0; n < 100; ++n) from.insert(n * 10);
  const NumberGroups ranges =
      group_numbers(from, [](std::uint32_t n) { return n / 10 % 2 ? "odd" : "even"; });
  EXPECT_NE(group_in(ranges.ranges, 15), group_in(ranges.ranges, 25));
  EXPECT_NE(group_in(ranges.ranges, 15), 0);
  EXPECT_EQ(group_in(ranges.ranges, 995), 0);
  const NumberGroups groups = group_numbers(from, [](std::uint32_t n) { return fmt::format("{}", n / 10); });
  EXPECT_EQ(groups.examples.size(), std::size_t{SAKER_PLAN_GROUPS});
  EXPECT_NE(group_in(groups.ranges, 15), 0);
  EXPECT_EQ(group_in(groups.ranges, 500), 0);
  // A range whose ends differ, whoever said where something changes.
  EXPECT_EQ(group_in(group_numbers({}, [](std::uint32_t n) { return n == 0 ? "a" : "b"; }).ranges, 7), 0);
}

TEST(NetworkGroups, WithoutNetworksAllAddressesAreOfGroupZero) {
  EXPECT_EQ(groups_of_octets({}), (std::array<std::uint8_t, SAKER_PLAN_OCTETS>{}));
}

TEST(NetworkGroups, TheSmallestNetworkCounts) {
  std::set<Prefix> prefixes;
  std::vector<Network> networks;
  for (const char* text : {"10.0.0.0/8", "10.1.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8",
                           "169.254.169.254", "fd00::/8", "::1", "0.0.0.0/1", "128.0.0.0/1"}) {
    if (const auto ip = read_ip(text)) {
      networks.push_back({*ip, static_cast<std::uint32_t>(ip->size() * 8)});
    } else {
      networks.push_back(read_network(text).value());
    }
    prefixes.insert(prefix_of(networks.back().address, networks.back().prefix));
  }
  const auto told = [&](std::string_view ip) {
    std::string all;
    for (const Network& network : networks) all += network.contains(ip) ? '1' : '0';
    return all;
  };
  const NetworkGroups made = group_networks(prefixes, told);
  for (const char* text :
       {"10.0.0.1", "10.1.2.3", "10.255.255.255", "11.0.0.0", "9.255.255.255", "172.31.1.1", "172.32.0.0",
        "192.168.1.1", "127.0.0.1", "169.254.169.254", "169.254.169.253", "0.0.0.0", "255.255.255.255",
        "::", "::1", "::2", "fd12::1", "fe80::1", "2001:db8::1"}) {
    const std::string ip = read_ip(text).value();
    const std::uint8_t group = group_in(made.networks, ip);
    ASSERT_NE(group, 0) << text;
    EXPECT_EQ(told(made.examples[group]), told(ip)) << text;
  }
  const auto octets = groups_of_octets(made.networks);
  for (const unsigned octet : {169U, 172U, 192U}) EXPECT_EQ(octets[octet], SAKER_PLAN_MANY) << octet;
  for (const char* text : {"0.0.0.1", "11.0.0.1", "127.0.0.1", "128.0.0.1", "255.0.0.1"}) {
    const std::string ip = read_ip(text).value();
    EXPECT_EQ(octets[static_cast<std::uint8_t>(ip[0])], group_in(made.networks, ip)) << text;
  }
  EXPECT_EQ(octets[10], SAKER_PLAN_MANY);  // 10.1.0.0/16
  EXPECT_EQ(group_in(made.networks, read_ip("::").value()),
            group_in(made.networks, read_ip("2001:db8::1").value()));
  EXPECT_NE(group_in(made.networks, read_ip("10.0.0.1").value()),
            group_in(made.networks, read_ip("10.1.0.1").value()));
}

TEST(NetworkGroups, AreWrittenAsTheyAreWritten) {
  EXPECT_EQ(network_text({prefix_of(read_ip("10.9.9.9").value(), 8).first, 104, 1}), "10.0.0.0/8");
  EXPECT_EQ(network_text({prefix_of(read_ip("1.2.3.4").value(), 32).first, 128, 1}), "1.2.3.4");
  EXPECT_EQ(network_text({prefix_of(read_ip("fd00::").value(), 8).first, 8, 1}), "fd00::/8");
  EXPECT_EQ(network_text({{}, 0, 1}), "::/0");
}

}  // namespace
}  // namespace saker::rules
