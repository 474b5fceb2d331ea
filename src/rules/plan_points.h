// PlanPoints: what a check comes to when only one dimension of the filter plan is known.
//
// A dimension's point stands for all events that the probe cannot tell apart by it. The check is decided on
// examples of them that are as different as they can be for it: every errno, the numbers around its
// constants, all other flags set or not. Where they agree the check is decided, with the semantics of the
// very readers and matchers that judge events; where they do not, or where a field depends on anything else,
// it is unknown. Names are decided on texts, by what the operator says of a part or a beginning.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "event/event.h"
#include "event/schema.h"
#include "rules/plan_groups.h"
#include "rules/rule_program.h"
#include "rules/truth.h"
#include "wire/plan.h"

namespace saker::rules {

class PlanPoints {
 public:
  // For events of one type. `program` must outlive it.
  PlanPoints(const RuleSet::Program& program, event::TypeId type);

  // The dimensions that may decide a check at all: 1 << enum saker_plan_dimension.
  std::uint32_t dimensions(std::uint32_t predicate) const;

  // Known from the type alone.
  Truth by_type(std::uint32_t predicate) const;
  Truth by_mode(std::uint32_t predicate, unsigned mode) const;
  Truth by_scope(std::uint32_t predicate, bool in_container) const;
  Truth by_task(std::uint32_t predicate, unsigned bits) const;
  Truth by_kind(std::uint32_t predicate, unsigned kind) const;
  Truth by_user(std::uint32_t predicate, std::uint32_t euid, std::uint32_t loginuid) const;

  // Where what a check says of user ids, ports or addresses may change, and what it says of one.
  void collect_users(std::uint32_t predicate, std::set<std::uint32_t>& from) const;
  void collect_ports(std::uint32_t predicate, std::set<std::uint32_t>& from) const;
  void collect_networks(std::uint32_t predicate, std::set<Prefix>& prefixes) const;
  bool holds_for_user(std::uint32_t predicate, std::uint32_t id) const;
  bool holds_for_port(std::uint32_t predicate, std::uint32_t port) const;
  bool holds_for_address(std::uint32_t predicate, std::string_view ip) const;

  // An end of a connection of the main descriptor; nothing: the socket has none, and the call may name one
  // or not. IPv4 addresses are 4 bytes long.
  struct End {
    std::string ip;
    std::uint16_t port = 0;
  };
  using Ends = std::array<std::optional<End>, 2>;  // local, remote
  Truth by_addresses(std::uint32_t predicate, const Ends& ends) const;
  Truth by_ports(std::uint32_t predicate, const Ends& ends) const;

  // Which argument (or SAKER_RESULT) a check looks at, as a small number or as flags.
  struct ArgumentUse {
    std::uint8_t argument = 0;
    std::uint64_t flags = 0;  // 0: as a number; else without any of these the check is false
  };
  std::optional<ArgumentUse> argument(std::uint32_t predicate) const;
  Truth by_argument(std::uint32_t predicate, std::uint8_t argument, std::uint64_t value) const;

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

  bool is_open() const { return open_; }
  // The argument (or SAKER_RESULT) with the call's main descriptor, when the probe can find it there.
  std::optional<std::uint8_t> descriptor() const;

 private:
  enum class NameField { kNone, kName, kFilename, kDirectory };

  const fields::FieldRef* field(std::uint32_t predicate) const;
  const fields::FieldRef* field_or_any(std::uint32_t predicate) const;
  NameField name_field(std::uint32_t predicate) const;
  const event::Parameter* parameter(std::uint32_t predicate) const;
  Truth agreed(std::uint32_t predicate, const std::vector<event::Event>& examples) const;
  Truth by_ends(std::uint32_t predicate, const Ends& ends) const;
  std::vector<std::int64_t> results(const Predicate& predicate, bool failed) const;
  event::Event example() const;
  event::Descriptor* add_descriptor(event::Event& event) const;

  const RuleSet::Program& program_;
  event::TypeId type_;
  bool open_ = false;
};

// Whether the check holds, by its value's readers alone.
bool holds(const RuleSet::Program& program, const Predicate& predicate, const fields::Subject& subject,
           Arena& arena);

// The text that stands for names of more than 1023 bytes.
inline constexpr std::string_view kTooLongName = "/DIR_TOO_LONG/FILENAME_TOO_LONG";

}  // namespace saker::rules
