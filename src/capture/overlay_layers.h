// The folders that a container's root file system is made of.
#pragma once

#include <string>
#include <vector>

namespace saker::capture {

// Topmost first, those below `place` that are there. For roots that Docker (overlay2) and Podman
// (containers/storage) have mounted: STORE/ID/merged, whose own layer is STORE/ID/diff, and whose others
// STORE/ID/lower tells, as links of STORE. Nothing for other roots. Layers stay when the container, and with
// it its root, is gone.
std::vector<std::string> overlay_layers(const std::string& place, const std::string& root);

}  // namespace saker::capture
