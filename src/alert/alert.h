// Alert: what leaves. Made of one match while its event still holds; owns its bytes.
//
// Text and JSON are Falco's, byte for byte in keys and order, so that every consumer of Falco alerts reads
// ours (rule language §18). One thing is added: where a file was opened under another name than the one that
// the rule knows, output_fields say so (fd.nameraw, fd.nameresolved, fd.namefrom).
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/arena.h"
#include "fields/catalogue.h"
#include "rules/rule_set.h"

namespace saker::alert {

struct Format {
  bool json = false;
  bool json_include_output = true;
  bool json_include_message = false;
  bool json_include_output_fields = true;
  bool json_include_tags = true;
  bool time_iso_8601 = false;

  std::map<std::string, std::string> static_fields = {};  // beside every alert's own output_fields

  bool keep_whole = false;  // some output needs a JSON object with all that there is to say (Message::whole)

  // Whether a line is that object.
  bool is_whole() const {
    return json && json_include_output && json_include_output_fields && json_include_tags;
  }
  Format whole() const {
    return {.json = true, .time_iso_8601 = time_iso_8601, .static_fields = static_fields};
  }
};

// One line without its newline. `suppressed`: matches like this one that rate control held back before it;
// when there are any, the text says so at its end and output_fields has "saker.suppressed".
std::string format_alert(const Format& format, const rules::EnabledRule& rule, const fields::Subject& subject,
                         Arena& arena, std::uint64_t suppressed = 0);

}  // namespace saker::alert
