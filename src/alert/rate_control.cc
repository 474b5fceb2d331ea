#include "alert/rate_control.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "rules/output_template.h"
#include "rules/selection.h"

namespace saker::alert {

struct RateControl::Index {
  struct OfRule {
    bool limited = false;
    std::optional<TokenBucket> bucket;
    std::uint64_t over_rate = 0;  // held back and not told yet
    std::uint64_t last_over_ns = 0;
    std::uint64_t window_ns = 0;
    rules::OutputTemplate key;
  };
  struct OfKey {
    std::uint64_t end_ns = 0;  // of the window
    std::uint64_t suppressed = 0;
  };
  using Key = std::pair<std::uint32_t, std::string>;

  std::size_t keys_max = 0;
  bool active = false;
  std::vector<OfRule> rules;
  absl::flat_hash_map<Key, OfKey> keys;
  std::deque<Key> age;        // in order of their first window; each key of `keys` once
  std::vector<Summary> left;  // of keys that had to make room

  void add_key(Key key, std::uint64_t end_ns) {
    if (keys.size() >= keys_max) {
      const auto oldest = keys.find(age.front());
      if (oldest->second.suppressed > 0)
        left.push_back({oldest->first.first, oldest->first.second, oldest->second.suppressed});
      keys.erase(oldest);
      age.pop_front();
    }
    age.push_back(key);
    keys.emplace(std::move(key), OfKey{end_ns, 0});
  }
};

RateControl::RateControl(std::span<const RateLimit> limits, std::span<const rules::EnabledRule> rules,
                         std::size_t keys_max)
    : index_(std::make_unique<Index>()) {
  index_->keys_max = keys_max;
  index_->rules.resize(rules.size());
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const rules::Rule& rule = rules[i].rule;
    const auto limit = std::ranges::find_if(limits, [&](const RateLimit& one) {
      return rules::matches_wildcard(one.rule, rule.name) &&
             (one.tag.empty() || std::ranges::find(rule.tags, one.tag) != rule.tags.end());
    });
    if (limit == limits.end() || (limit->rate <= 0 && limit->window_ns == 0)) continue;
    Index::OfRule& made = index_->rules[i];
    index_->active = made.limited = true;
    if (limit->rate > 0) made.bucket.emplace(limit->rate, limit->burst);
    made.window_ns = limit->window_ns;
    std::string text;
    for (const std::string& field : limit->key) text += (text.empty() ? "%" : "; %") + field;
    made.key = rules::OutputTemplate::parse(text, fields::syscall_catalogue()).output;
  }
}

RateControl::~RateControl() = default;

bool RateControl::active() const { return index_->active; }

RateControl::Verdict RateControl::judge(std::uint32_t rule, const fields::Subject& subject, Arena& arena,
                                        std::uint64_t now_ns) {
  Index::OfRule& limit = index_->rules[rule];
  if (!limit.limited) return {};
  Index::Key key(rule, "");
  Index::OfKey* known = nullptr;
  if (limit.window_ns > 0) {
    limit.key.render(subject, arena, key.second);
    const auto found = index_->keys.find(key);
    if (found != index_->keys.end()) {
      known = &found->second;
      if (now_ns < known->end_ns) {
        ++known->suppressed;
        return {.kind = Verdict::Kind::kDuplicate};
      }
    }
  }
  if (limit.bucket && !limit.bucket->take(now_ns)) {
    ++limit.over_rate;
    limit.last_over_ns = now_ns;
    return {.kind = Verdict::Kind::kOverRate};
  }
  Verdict verdict{.suppressed = std::exchange(limit.over_rate, 0)};
  if (known != nullptr) {
    verdict.suppressed += std::exchange(known->suppressed, 0);
    known->end_ns = now_ns + limit.window_ns;
  } else if (limit.window_ns > 0) {
    index_->add_key(std::move(key), now_ns + limit.window_ns);
  }
  return verdict;
}

std::vector<RateControl::Summary> RateControl::due(std::uint64_t now_ns) {
  std::vector<Summary> made = std::exchange(index_->left, {});
  std::erase_if(index_->age, [&](const Index::Key& key) {
    const auto found = index_->keys.find(key);
    if (now_ns < found->second.end_ns) return false;
    if (found->second.suppressed > 0) made.push_back({key.first, key.second, found->second.suppressed});
    index_->keys.erase(found);
    return true;
  });
  for (std::uint32_t rule = 0; rule < index_->rules.size(); ++rule) {
    Index::OfRule& limit = index_->rules[rule];
    if (limit.over_rate == 0 || now_ns < limit.last_over_ns + kRateSummaryNs) continue;
    made.push_back({rule, "", std::exchange(limit.over_rate, 0)});
  }
  return made;
}

std::vector<RateControl::Summary> RateControl::close() {
  std::vector<Summary> made = std::exchange(index_->left, {});
  for (const auto& [key, state] : index_->keys) {
    if (state.suppressed > 0) made.push_back({key.first, key.second, state.suppressed});
  }
  for (std::uint32_t rule = 0; rule < index_->rules.size(); ++rule) {
    if (index_->rules[rule].over_rate > 0) made.push_back({rule, "", index_->rules[rule].over_rate});
  }
  index_->keys.clear();
  index_->age.clear();
  return made;
}

}  // namespace saker::alert
