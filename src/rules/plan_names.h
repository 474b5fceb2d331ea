// NamePoints: what a check comes to when only a part of a file's name is known (plan_checks.h). It is decided
// on texts, by what the operator says of a part or a beginning.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/plan_checks.h"
#include "wire/plan.h"

namespace saker::rules {

class NamePoints : public PlanChecks {
 public:
  NamePoints(const RuleSet::Program& program, event::TypeId type);

  // The dimensions that may decide a check at all: 1 << enum saker_plan_dimension.
  std::uint32_t dimensions(std::uint32_t predicate) const;

  // The texts among the arguments, at most SAKER_PLAN_TEXT_ARGUMENTS, and which of them a check looks at.
  struct TextArgument {
    std::uint8_t argument = 0;
    saker_plan_base base{};
  };
  const std::vector<TextArgument>& texts() const { return texts_; }
  std::optional<std::size_t> text_of(std::uint32_t predicate) const;

  // The path as written, without "..".
  Truth by_plain_raw(std::uint32_t predicate) const;

  // Parts of a name; nothing: one that no check asks for.
  struct Asked {
    std::set<std::string> names, directories, tails;
    std::set<std::pair<std::string, bool>> paths;  // beginning, or whole when true
  };
  void collect(std::uint32_t predicate, Asked& asked) const;
  Truth by_name(std::uint32_t predicate, const std::optional<std::string>& name) const;
  Truth by_directory(std::uint32_t predicate, const std::optional<std::string>& directory) const;
  Truth by_tail(std::uint32_t predicate, const std::optional<std::string>& tail) const;
  // The longest of the asked beginnings that the path has; `whole`: it is the path.
  Truth by_path(std::uint32_t predicate, std::string_view text, bool whole) const;
  // The name is exactly this text.
  Truth by_whole_name(std::uint32_t predicate, std::string_view name) const;

  // What a check looks for anywhere in a text: its first bytes. And what it comes to where they are not.
  std::optional<std::string> piece(std::uint32_t predicate) const;
  Truth without_piece(std::uint32_t predicate, std::string_view piece) const;

 private:
  enum class NameField { kNone, kName, kFilename, kDirectory };

  NameField name_field(std::uint32_t predicate) const;
  Truth when_present(std::uint32_t predicate, Truth truth) const;

  std::vector<TextArgument> texts_;
};

constexpr saker_plan_dimension dimension_of(saker_plan_dimension dimension, std::size_t text) {
  return static_cast<saker_plan_dimension>(dimension + text * SAKER_PLAN_PER_TEXT);
}

// The text that stands for names of more than 1023 bytes.
inline constexpr std::string_view kTooLongName = "/DIR_TOO_LONG/FILENAME_TOO_LONG";

}  // namespace saker::rules
