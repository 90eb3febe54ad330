// The client: what is typed is said, what is heard is shown.
#pragma once

#include "arguments.h"
#include "common/program.h"

// Talks in a room until it is over.
Outcome join(const Arguments& args);
