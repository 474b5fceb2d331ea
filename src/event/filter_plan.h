// FilterPlan: what the rules leave for the kernel side to send, as data. Made by rules/planner.h, written
// into the probe's maps by capture/plan_maps.h; wire/plan.h says what the tables mean.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "event/types.h"
#include "wire/plan.h"

namespace saker::event {

// Terms as bits, by number.
using PlanTerms = std::uint64_t;

// A part of names that some rule asks for.
struct PlanText {
  std::uint8_t which = 0;  // of the texts among a call's arguments
  saker_plan_part_kind part{};
  std::uint8_t length = 0;  // of the whole text, 255 for more
  std::string text;         // at most SAKER_PLAN_TEXT_BYTES
  PlanTerms terms = 0;

  bool operator==(const PlanText&) const = default;
};

// A beginning of paths, or a whole one: what is met when no longer one fits.
struct PlanPath {
  std::uint8_t which = 0;
  std::string text;  // at most SAKER_PLAN_PATH_BYTES, the NUL of a whole one included
  bool whole = false;
  PlanTerms terms = 0;

  bool operator==(const PlanPath&) const = default;
};

// A network and the group of addresses that are in it and in no smaller one. IPv4 is ::ffff:0:0/96.
struct PlanNetwork {
  std::array<std::uint8_t, 16> address{};
  std::uint8_t bits = 0;
  std::uint8_t group = 0;

  bool operator==(const PlanNetwork&) const = default;
};

struct PlanPairs {
  saker_plan_pairs tables{};
  std::array<std::uint8_t, SAKER_PAIRS> groups{};  // how many there are of each pair, group 0 among them
  std::vector<PlanNetwork> networks;
};

struct PlanProgram {
  saker_plan_program tables{};
  std::vector<PlanText> texts;
  std::vector<PlanPath> paths;
  std::shared_ptr<const PlanPairs> pairs;  // at most SAKER_PLAN_PAIR_SETS programs have them
};

// What hooking the wanted calls adds to an average call of a usual node, by rules/call_costs.h: with one hook
// for all calls, with a hook for each that is wanted, and with hooks at the functions of those.
struct CallCosts {
  std::uint32_t calls = 0;  // that are wanted
  double share = 0;         // of all calls that a usual node makes
  bool failed = true;       // also those that have failed, which are asked of seccomp's filters as well
  double one_ns = 0, each_ns = 0, functions_ns = 0;

  bool each_is_cheaper() const { return each_ns < one_ns; }
  bool functions_are_cheapest() const { return functions_ns < one_ns && functions_ns < each_ns; }
};

struct FilterPlan {
  std::vector<PlanProgram> programs;                        // at most SAKER_PLAN_PROGRAMS; 0 passes all
  std::array<std::uint8_t, SAKER_EVENTS_MAX> program_of{};  // by event type, or SAKER_PLAN_NOTHING
  std::array<std::uint8_t, SAKER_EVENTS_MAX> scope{};       // SAKER_SCOPE_* bits of what is wanted at all
  CallCosts call_costs;
};

// Terms of a class of processes, by program: see saker_plan_class.
using PlanClass = std::vector<saker_plan_class>;

// A program that lets everything through that comes from `scope` (SAKER_SCOPE_* bits).
PlanProgram open_program(std::uint8_t scope);

// Lets all events of a type through, whatever the rules say of it.
void let_through(FilterPlan& plan, TypeId type);
// And none.
void shut_out(FilterPlan& plan, TypeId type);

// Lets each type through from where its byte says.
FilterPlan scope_plan(const std::array<std::uint8_t, SAKER_EVENTS_MAX>& scope);

}  // namespace saker::event
