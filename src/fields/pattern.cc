#include "fields/pattern.h"

#include <absl/container/node_hash_map.h>

namespace saker::fields {

Pattern::Pattern(const std::string& text) {
  if (text.find_first_of("\\^$.|?*+()[]{}") == std::string::npos) {
    literal_ = text;
    return;
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);
  regex_ = std::make_unique<re2::RE2>(text, options);
}

const Pattern& Pattern::of(const std::string& text) {
  static thread_local absl::node_hash_map<std::string, Pattern> known;
  const auto found = known.find(text);
  return found != known.end() ? found->second : known.try_emplace(text, text).first->second;
}

bool Pattern::is_in(std::string_view text) const {
  if (!regex_) return text.find(literal_) != std::string_view::npos;
  return regex_->ok() && re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *regex_);
}

}  // namespace saker::fields
