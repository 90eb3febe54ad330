// What the client asks, and prints.
#pragma once

#include "arguments.h"
#include "common/program.h"

// Makes one call, and prints each reply as a line when it comes.
//
// A watch whose time is over has gone well. So has anything whose reader has seen enough and closed
// the output.
Outcome ask(const Arguments& args);
