// The configuration as the command line asks for it: files, overrides, and the flags that change it.
#pragma once

#include "app/config.h"
#include "app/options.h"

namespace saker::app {

// Everything found is logged, with its place; the error is the first mistake. Sets up the log as well, unless
// there is a mistake.
Result<Config> read_configuration(const Options& options);

// FALCO_HOSTNAME (in a pod the node's name is wanted, not the pod's), or the machine's name.
std::string own_hostname();

}  // namespace saker::app
