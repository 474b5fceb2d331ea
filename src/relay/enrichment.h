// Enrichment: what the configuration adds to every event before it is stored, in Falcosidekick's order.
//
// Immutable after it is made; any thread may call apply().
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "relay/config.h"
#include "relay/field_template.h"
#include "spool/event.h"

namespace saker::relay {

class Enrichment {
 public:
  // The templates have been checked when the configuration was read.
  explicit Enrichment(const Config& config);

  // Fields, tags, source, templates, names of fields, the output's form; then the event is sealed. "" or why
  // it is no event.
  std::string apply(spool::Event& event) const;

 private:
  void replace_brackets(spool::Event& event) const;
  void rewrite_output(spool::Event& event) const;

  Pairs custom_fields_;
  Texts custom_tags_;
  std::vector<std::pair<std::string, FieldTemplate>> templates_;
  std::string bracket_replacer_, output_format_;
};

// The event that /test makes.
spool::Event test_event(std::int64_t now_ns);

}  // namespace saker::relay
