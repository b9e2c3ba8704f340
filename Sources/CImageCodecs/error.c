#include "internal.h"

#include <string.h>

// Longer than the longest message of libjpeg (JMSG_LENGTH_MAX, 200) and libpng (about 200).
static _Thread_local char last_error[256];

const char *ci_error(void) { return last_error; }

ci_status ci_fail(ci_status status, const char *message) {
  strncpy(last_error, message, sizeof last_error - 1);
  return status;
}
