// LokiEntry: an alert as Loki gets it: a stream's labels, a time, a line.
//
// Labels and line are Falcosidekick's, so that dashboards made for it show the same. What Loki would refuse
// and can be mended is mended here, always in the same way, because what is sent again must be the same
// bytes:
//   a label name of other letters      '_' in their place ('.' too; '[' and ']' go)
//   a label longer than 2048 bytes     cut
//   more than 15 labels                the last ones go
//   a line longer than 256 KiB         its longest texts are cut and marked [...]
//   a time 10 minutes ahead of ours    the time when the alert came here; the line keeps its own
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "spool/event.h"
#include "spool/spool.h"

namespace saker::delivery {

struct LokiFormat {
  bool json = false;                         // the whole event as JSON, else the output text
  std::vector<std::string> custom_fields{};  // fields that become labels, values without quotes
  std::vector<std::string> extra_labels{};   // fields that become labels
};

enum class LabelSet {
  kFull,
  kReduced,  // rule, source, priority, hostname: where the number of streams is the limit
};

struct LokiEntry {
  std::string labels;  // {a="b", c="d"}
  std::int64_t time_ns = 0;
  std::string line;
};

inline constexpr std::size_t kLokiLabelsMax = 15;
inline constexpr std::size_t kLokiLabelBytesMax = 2048;
inline constexpr std::size_t kLokiLineBytesMax = 256 * 1024;
inline constexpr std::int64_t kLokiAheadNsMax = 600'000'000'000;

using Labels = std::vector<std::pair<std::string, std::string>>;

Labels labels_of(const LokiFormat& format, const spool::Event& event, LabelSet set);
std::string label_text(const Labels& labels);
std::string loki_line(const LokiFormat& format, const spool::StoredAlert& alert, const spool::Event& event);
std::int64_t loki_time(const spool::StoredAlert& alert);

// The stream for entries that come too late for their own: one more label with the hour they are of, so that
// all of one stream lie within the hour that Loki takes out of order.
Labels replayed(Labels labels, std::int64_t time_ns);

}  // namespace saker::delivery
