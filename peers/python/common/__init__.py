"""What the course's programs in Python have in common: options, exit codes and the one sentence
that goes with them, and a server that serves until it is told to stop.
"""

import os

# gRPC would write to standard error as well, lines that are for its own developers. It reads this
# when it is imported, so programs import from here first.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
