// Alertmanager, API v2: alerts as lists. Alertmanager joins alerts of the same labels, so sending again does
// no harm.
#pragma once

#include <map>
#include <memory>

#include "delivery/http_options.h"
#include "delivery/sink.h"
#include "spool/event.h"

namespace saker::delivery {

struct AlertmanagerOptions {
  std::vector<std::string> urls;  // each with endpoint; all get every alert, as Alertmanager's peers want it
  std::chrono::seconds expires_after{0};  // 0 = Alertmanager's own resolve_timeout
  std::map<std::string, std::string> extra_labels, extra_annotations;
  std::map<spool::Priority, std::string> severity;  // beside the usual ones
  HttpOptions http;
};

std::string alertmanager_alert(const AlertmanagerOptions& options, const spool::Event& event);
std::unique_ptr<Sink> make_alertmanager_sink(AlertmanagerOptions options);

}  // namespace saker::delivery
