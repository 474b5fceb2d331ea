// The values and texts of event parameters: what evt.arg, evt.rawarg and evt.args speak of. Which parameters
// an event has, and where each comes from, is the event schema's to say (event/schema.h).
#pragma once

#include <string_view>

#include "base/arena.h"
#include "event/schema.h"
#include "fields/catalogue.h"

namespace saker::fields {

// The parameter's value: a number or a text. Missing when this event has none.
Value parameter_value(const event::Parameter& parameter, const Subject& subject, Arena& arena);

// As evt.arg prints it: the text that stands for the value (O_CREAT, root, an absolute path), else the value.
Value parameter_text(const event::Parameter& parameter, const Subject& subject, Arena& arena);

// As evt.args prints them: name=raw(resolved) ...
std::string_view all_parameters_text(const Subject& subject, Arena& arena);

// The absolute form of a path parameter, clean; empty when there is none.
std::string_view parameter_path(const event::Parameter& parameter, const Subject& subject, Arena& arena);

// The parameter that fs.path.name, .source, .target, or the raw form of one of them, is of in calls of that
// type; null when such calls have none.
const event::Parameter* path_parameter(event::TypeId type, std::string_view field);

// What the probe has to bring for it beyond the usual: enum saker_detail bits.
std::uint8_t parameter_details(const event::Parameter& parameter);

// In which base evt.rawarg prints parameters of that name.
Format parameter_format(std::string_view name);

}  // namespace saker::fields
