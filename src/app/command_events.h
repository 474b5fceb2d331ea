// saker events: what a store of alerts holds. Has options of its own, because none of the agent's concern it.
#pragma once

namespace saker::app {

// `argv` from the word "events" on. Prints, returns the exit status.
int command_events(int argc, char** argv);

}  // namespace saker::app
