// An event written down by its field values, as authors of rules think of it:
//
//   evt.type: openat
//   fd.name: /etc/shadow
//   proc.name: cat
//   proc.aname: [bash, sshd]
//   container.id: 3f2a9c0d1b7e
//
// An alert that Saker or Falco wrote (an object with output_fields) is taken as one too. What simply follows
// from what is given is filled in (fd.filename from fd.name); everything else is missing.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "event/event.h"
#include "fields/catalogue.h"
#include "rules/yaml_document.h"

namespace saker::rules {

struct DescriptionProblem {
  Place place;
  std::string message;
  std::string suggestion;  // nearest known name; may be empty
};

class DescribedEvent final : public fields::ValueSource {
 public:
  // Takes the map's entries; those of `defaults` (null: none) where the map does not have them. Problems are
  // added; the event is of use only when there were none.
  static std::unique_ptr<DescribedEvent> read(const YamlNode& map, const YamlNode* defaults,
                                              const fields::Catalogue& catalogue,
                                              std::vector<DescriptionProblem>& problems);

  fields::Value read(const fields::FieldRef& field) const override;

  // What judging gets. Holds as long as this does.
  fields::Subject subject() const;

  // Fields that were asked for since the last call and that the description does not give.
  std::set<std::string> take_asked_in_vain() const;

 private:
  friend class DescriptionReader;

  event::Event event_;
  std::map<std::string, fields::Value> values_;  // by the field as a rule writes it
  std::deque<std::string> texts_;
  std::deque<std::vector<fields::Value>> lists_;
  mutable std::set<std::string> in_vain_;
};

}  // namespace saker::rules
