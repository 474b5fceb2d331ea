// Patterns that stand in a field's argument (container.mount.dest[/etc/.*]): regular expressions, searched.
#pragma once

#include <re2/re2.h>

#include <memory>
#include <string>
#include <string_view>

namespace saker::fields {

class Pattern {
 public:
  explicit Pattern(const std::string& text);

  // The pattern of that text, made when it is first asked for. Texts come from rules, so there are few. Holds
  // for ever; of this thread.
  static const Pattern& of(const std::string& text);

  // Whether some part of `text` matches. A pattern that is no regular expression matches nothing.
  bool is_in(std::string_view text) const;

 private:
  std::string literal_;              // when it has nothing special in it
  std::unique_ptr<re2::RE2> regex_;  // otherwise
};

}  // namespace saker::fields
