// Parameters of single calls, whose arguments mean something that no other call's do: prctl, quotactl,
// fsconfig, semop and the like. Made for the table in parameters.cc; each reads one parameter of the event,
// missing when the call has none.
#pragma once

#include <string_view>

#include "base/arena.h"
#include "event/schema.h"
#include "fields/catalogue.h"

namespace saker::fields {

Value prctl_text(const Subject& subject, const event::Parameter& parameter, Arena& arena);
Value prctl_number(const Subject& subject, const event::Parameter& parameter, Arena& arena);
Value quota_command(const Subject& subject, Arena& arena);
Value quota_type(const Subject& subject, Arena& arena);
Value quota_info_flags(const Subject& subject, const event::Parameter& parameter, Arena& arena);
Value quota_file(const Subject& subject, const event::Parameter& parameter, Arena& arena);
Value quota_format(const Subject& subject, const event::Parameter& parameter, Arena& arena);
Value quota_format_out(const Subject& subject, const event::Parameter& parameter, Arena& arena);
Value fsconfig_bytes(const Subject& subject, const event::Parameter& parameter, Arena& arena);
Value fsconfig_text(const Subject& subject, const event::Parameter& parameter, Arena& arena);
Value semaphore_number(const Subject& subject, const event::Parameter& parameter, Arena& arena);
Value semaphore_flags(const Subject& subject, const event::Parameter& parameter, Arena& arena);
std::string_view resolve_signals(const Subject& subject, const event::Parameter& parameter, const Value& raw,
                                 Arena& arena);
Value llseek_offset(const Subject& subject, Arena& arena);
Value quota_block(const Subject& subject, const event::Parameter& parameter, Arena& arena);
Value quota_info(const Subject& subject, const event::Parameter& parameter, Arena& arena);

}  // namespace saker::fields
