#include "rules/plan_groups.h"

#include <absl/numeric/int128.h>
#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>

namespace saker::rules {
namespace {

constexpr std::uint32_t kLast = UINT32_MAX;
constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned kMappedBits = 96;

using Address = absl::uint128;

Address number_of(const std::array<std::uint8_t, 16>& bytes) {
  Address number = 0;
  for (const std::uint8_t byte : bytes) number = number << 8 | Address{byte};
  return number;
}

// As Value::ip() has it.
std::string ip_of(Address number) {
  std::string ip(16, '\0');
  for (std::size_t i = ip.size(); i-- > 0; number >>= 8)
    ip[i] = static_cast<char>(absl::Uint128Low64(number) & 0xff);
  return std::memcmp(ip.data(), kMapped.data(), kMapped.size()) == 0 ? ip.substr(kMapped.size()) : ip;
}

// Numbers the groups as their signatures turn up.
template <class Example>
class Numbering {
 public:
  explicit Numbering(std::vector<Example>& examples) : examples_(examples) {}

  std::uint8_t group(const std::string& signature, const Example& example) {
    const auto found = groups_.find(signature);
    if (found != groups_.end()) return found->second;
    if (examples_.size() == SAKER_PLAN_GROUPS) return 0;
    const auto number = static_cast<std::uint8_t>(examples_.size());
    groups_.emplace(signature, number);
    examples_.push_back(example);
    return number;
  }

 private:
  std::vector<Example>& examples_;
  std::map<std::string, std::uint8_t> groups_;
};

// A network with those directly below it, in order.
struct Tree {
  Prefix prefix;
  Address first = 0, last = 0;
  std::vector<std::size_t> below;
};

// Networks lie in each other or apart; the set has the larger before those in it.
std::vector<Tree> nest(const std::set<Prefix>& prefixes) {
  std::vector<Tree> trees;
  std::vector<std::size_t> open;
  for (const Prefix& prefix : prefixes) {
    const Address first = number_of(prefix.first);
    const Address size = prefix.second == 0 ? 0 : Address{1} << (128 - prefix.second);  // 0: all
    while (!open.empty() && trees[open.back()].last < first) open.pop_back();
    if (!open.empty()) trees[open.back()].below.push_back(trees.size());
    open.push_back(trees.size());
    trees.push_back({prefix, first, first + size - 1, {}});
  }
  return trees;
}

// An address that is in no smaller network; nothing when these cover it all.
std::optional<Address> own_address(const Tree& tree, const std::vector<Tree>& trees) {
  Address at = tree.first;
  for (const std::size_t below : tree.below) {
    if (trees[below].first > at) return at;
    if (trees[below].last == tree.last) return std::nullopt;
    at = trees[below].last + 1;
  }
  return at;
}

}  // namespace

NumberGroups group_numbers(std::set<std::uint32_t> from,
                           const std::function<std::string(std::uint32_t)>& told) {
  from.insert(0);
  NumberGroups made;
  Numbering<std::uint32_t> numbering(made.examples);
  const bool fits = from.size() <= SAKER_PLAN_RANGES;
  std::size_t place = 0;
  for (auto at = from.begin(); at != from.end() && place < SAKER_PLAN_RANGES; ++at, ++place) {
    const auto next = std::next(at);
    const std::uint32_t last = next == from.end() ? kLast : *next - 1;
    const std::string signature = told(*at);
    made.ranges.from[place] = *at;
    if ((fits || place + 1 < SAKER_PLAN_RANGES) && signature == told(last))
      made.ranges.group[place] = numbering.group(signature, *at);
  }
  for (; place < SAKER_PLAN_RANGES; ++place) {
    made.ranges.from[place] = kLast;
    made.ranges.group[place] = made.ranges.group[place - 1];
  }
  return made;
}

Prefix prefix_of(std::string_view ip, std::uint32_t bits) {
  Prefix prefix{};
  const bool four = ip.size() == 4;
  if (four) std::ranges::copy(kMapped, prefix.first.begin());
  std::memcpy(prefix.first.data() + (four ? kMapped.size() : 0), ip.data(), ip.size());
  prefix.second = static_cast<std::uint8_t>(bits + (four ? kMappedBits : 0));
  for (unsigned bit = prefix.second; bit < 128; ++bit)
    prefix.first[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> bit % 8));
  return prefix;
}

NetworkGroups group_networks(std::set<Prefix> prefixes,
                             const std::function<std::string(std::string_view)>& told) {
  prefixes.insert(Prefix{});
  prefixes.insert(prefix_of(std::string_view("\0\0\0\0", 4), 0));
  NetworkGroups made;
  Numbering<std::string> numbering(made.examples);
  for (const std::vector<Tree> trees = nest(prefixes); const Tree& tree : trees) {
    const auto own = own_address(tree, trees);
    if (!own) continue;
    const std::string ip = ip_of(*own);
    made.networks.push_back({tree.prefix.first, tree.prefix.second, numbering.group(told(ip), ip)});
  }
  return made;
}

std::array<std::uint8_t, SAKER_PLAN_OCTETS> groups_of_octets(
    const std::vector<event::PlanNetwork>& networks) {
  constexpr unsigned kOctetBits = kMappedBits + 8;
  const Address zero = number_of(prefix_of(std::string_view("\0\0\0\0", 4), 0).first);
  std::array<std::uint8_t, SAKER_PLAN_OCTETS> groups{};
  for (const event::PlanNetwork& network : networks) {
    const Address first = number_of(network.address);
    for (unsigned octet = 0; octet < SAKER_PLAN_OCTETS; ++octet) {
      const Address differ = first ^ (zero | Address{octet} << 24);
      const unsigned bits = std::min<unsigned>(network.bits, kOctetBits);
      if (bits == 0 || differ >> (128 - bits) == 0)
        groups[octet] = network.bits > kOctetBits ? SAKER_PLAN_MANY : network.group;
    }
  }
  return groups;
}

std::string network_text(const event::PlanNetwork& network) {
  char text[INET6_ADDRSTRLEN];
  const bool four =
      network.bits >= kMappedBits && std::memcmp(network.address.data(), kMapped.data(), kMapped.size()) == 0;
  const void* bytes = network.address.data() + (four ? kMapped.size() : 0);
  if (inet_ntop(four ? AF_INET : AF_INET6, bytes, text, sizeof(text)) == nullptr) return {};
  const unsigned bits = network.bits - (four ? kMappedBits : 0);
  return bits == (four ? 32 : 128) ? text : fmt::format("{}/{}", text, bits);
}

std::vector<std::string> range_texts(const saker_plan_ranges& ranges, unsigned group) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < SAKER_PLAN_RANGES; ++i) {
    const std::uint32_t from = ranges.from[i];
    if (ranges.group[i] != group || (i > 0 && from == ranges.from[i - 1])) continue;
    if (i + 1 == SAKER_PLAN_RANGES ||
        (from != kLast && ranges.from[i + 1] == kLast && ranges.group[i + 1] == ranges.group[i])) {
      texts.push_back(fmt::format("{}-", from));
      break;
    }
    const std::uint32_t last = from == kLast ? from : ranges.from[i + 1] - 1;
    texts.push_back(from == last ? fmt::format("{}", from) : fmt::format("{}-{}", from, last));
  }
  return texts;
}

}  // namespace saker::rules
