#include "rules/plan_roles.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "event/schema.h"

namespace saker::rules {

Tells tells_role(event::TypeId type) {
  constexpr std::string_view kBeginnings[] = {"connect", "accept", "accept4", "listen"};
  constexpr std::string_view kSends[] = {"sendto", "sendmsg", "sendmmsg"};
  const std::string_view call = event::type_name(type);
  if (std::ranges::find(kBeginnings, call) != std::end(kBeginnings)) return Tells::kBeginning;
  return std::ranges::find(kSends, call) != std::end(kSends) ? Tells::kSending : Tells::kNothing;
}

bool leans_on_role(event::TypeId type, const fields::FieldRef& ref) {
  constexpr std::string_view kFields[] = {
      "fd.sip",    "fd.cip",       "fd.sport", "fd.cport",    "fd.snet",     "fd.cnet",  "fd.sproto",
      "fd.cproto", "fd.is_server", "fd.name",  "fd.sip.name", "fd.cip.name", "evt.args", "evt.info"};
  const std::string_view field = ref.field->name;
  if (tells_role(type) == Tells::kBeginning) return false;
  if (field == "evt.arg" && ref.argument.kind == fields::Argument::Kind::kKey) {
    const event::Parameter* parameter = event::find_parameter(type, ref.argument.key);
    using enum event::ParameterKind;
    return parameter != nullptr &&
           (parameter->kind == kFd || parameter->kind == kResultFd || parameter->kind == kTuple);
  }
  return field == "evt.arg" || std::ranges::find(kFields, field) != std::end(kFields);
}

bool asks_for_changes(event::TypeId, const fields::FieldRef& ref) {
  return ref.field->name == "fd.name_changed";
}

}  // namespace saker::rules
