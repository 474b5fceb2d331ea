// A call's result and its arguments, as the parameters of the schema read them: each missing when the event
// has none.
#pragma once

#include <cstdint>
#include <optional>

#include "base/arena.h"
#include "event/schema.h"
#include "fields/catalogue.h"

namespace saker::fields {

// Null for events that are no plain call.
const event::Call* call_of(const Subject& subject);
Value call_result(const Subject& subject, const event::Parameter& parameter, Arena& arena);
// As wide as the kernel takes it.
Value narrowed(std::uint64_t number, event::Number width);
std::optional<std::uint64_t> argument_of(const Subject& subject, const event::Parameter& parameter);
// What the argument points to, when it could be read; null otherwise.
const event::Text* pointed_of(const Subject& subject, const event::Parameter& parameter);
Value number_argument(const Subject& subject, const event::Parameter& parameter, Arena& arena);
Value signed_argument(const Subject& subject, const event::Parameter& parameter, Arena& arena);
Value symbol_argument(const Subject& subject, const event::Parameter& parameter, Arena& arena);
Value socket_type_argument(const Subject& subject, const event::Parameter& parameter, Arena& arena);
Value socket_option_argument(const Subject& subject, const event::Parameter& parameter, Arena& arena);
Value pointed_text(const Subject& subject, const event::Parameter& parameter, Arena& arena);
// Data that is not there was not read or written: an empty text, no missing value.
Value pointed_data(const Subject& subject, const event::Parameter& parameter, Arena& arena);
Value vector_size(const Subject& subject, const event::Parameter& parameter, Arena& arena);
Value control_data(const Subject& subject, const event::Parameter& parameter, Arena& arena);
Value address_argument(const Subject& subject, const event::Parameter& parameter, Arena& arena);
Value tuple_value(const Subject& subject, const event::Parameter& parameter, Arena& arena);
// In the structure that the argument points to, at the parameter's offset.
Value fixed_number(const Subject& subject, const event::Parameter& parameter, Arena& arena);
Value fixed_flags(const Subject& subject, const event::Parameter& parameter, Arena& arena);
Value interval(const Subject& subject, const event::Parameter& parameter, Arena& arena);

}  // namespace saker::fields
