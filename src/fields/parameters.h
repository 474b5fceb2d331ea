// The parameters of each event: what evt.arg, evt.rawarg and evt.args speak of.
//
// One table for each event type, in Falco's order, so that evt.arg[N] means the same here. A parameter that
// this version does not collect has a row without a reader, which keeps the numbering.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/arena.h"
#include "fields/catalogue.h"

namespace saker::fields {

struct Parameter {
  std::string_view name;
  Value (*read)(const Subject&, Arena&) = nullptr;
  // The text that the number stands for, or the absolute path of a relative one; empty when there is none.
  std::string_view (*resolve)(const Subject&, const Value&, Arena&) = nullptr;
  Format format = Format::kDecimal;
  bool bytes = false;  // prints with dots for what is not printable, and NULL when empty
};

// Empty for a type that has none.
std::span<const Parameter> parameters(event::TypeId type);

// Null when events of the type have no such parameter.
const Parameter* find_parameter(event::TypeId type, std::string_view name);

// Every name that a parameter of some event has, collected or not: the names evt.arg accepts.
std::span<const std::string_view> parameter_names();

// The base in which a parameter of that name prints.
Format parameter_format(std::string_view name);

// As evt.arg prints it: the resolved text, else the raw one. Missing when not known.
Value parameter_text(const Parameter& parameter, const Subject& subject, Arena& arena);

// As evt.args prints them: name=raw(resolved) ...
std::string_view all_parameters_text(const Subject& subject, Arena& arena);

}  // namespace saker::fields
