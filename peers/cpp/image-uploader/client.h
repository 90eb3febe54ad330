// What the client sends.
#pragma once

#include <expected>

#include "arguments.h"
#include "common/failure.h"
#include "disk.h"

// Uploads a file, and answers what the server has stored.
std::expected<Image, Failure> put(const Arguments& args);

// Asks what is stored under a name.
std::expected<Image, Failure> info(const Arguments& args);
