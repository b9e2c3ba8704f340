#include <c10/util/Exception.h>

#include <new>

#include "shim.h"

using shim::guard;

namespace {

thread_local std::string message;
thread_local bool out_of_memory = false;

/// The first line of a message of libtorch, without the place and text of an assertion. Further
/// lines hold hints or a backtrace.
std::string sentence(const std::string &text) {
  auto line = text.substr(0, text.find('\n'));
  if (line.rfind("[enforce fail", 0) != 0) return line;
  auto assertion = line.find("] ");
  auto end = assertion == std::string::npos ? assertion : line.find(". ", assertion);
  return end == std::string::npos ? line : line.substr(end + 2);
}

/// cuBLAS and cuDNN report a lack of memory as a status: CUBLAS_STATUS_ALLOC_FAILED,
/// CUDNN_STATUS_ALLOC_FAILED, CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED and
/// CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED.
bool mentions_out_of_memory(const std::string &text) {
  for (auto words :
       {"out of memory", "can't allocate memory", "_ALLOC_FAILED", "_ALLOCATION_FAILED"}) {
    if (text.find(words) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

namespace shim {

void record(const std::exception &exception) noexcept {
  try {
    if (auto *failure = dynamic_cast<const Failure *>(&exception)) {
      message = failure->what();
      out_of_memory = failure->out_of_memory;
      return;
    }
    if (auto *error = dynamic_cast<const c10::Error *>(&exception)) {
      message = sentence(error->what_without_backtrace());
    } else {
      message = sentence(exception.what());
    }
    out_of_memory = dynamic_cast<const c10::OutOfMemoryError *>(&exception) != nullptr ||
                    dynamic_cast<const std::bad_alloc *>(&exception) != nullptr ||
                    mentions_out_of_memory(message);
  } catch (...) {
    record_unknown();
  }
}

void record_unknown() noexcept {
  message.clear();
  out_of_memory = false;
}

}  // namespace shim

const char *ct_error(void) noexcept {
  return message.empty() ? "libtorch failed without a message" : message.c_str();
}

bool ct_error_is_out_of_memory(void) noexcept { return out_of_memory; }

bool ct_mentions_out_of_memory(const char *text) noexcept {
  return guard<bool>(false, [&] { return mentions_out_of_memory(text); });
}

void ct_fail(const char *text, bool memory) noexcept {
  try {
    message = text;
    out_of_memory = memory;
  } catch (...) {
    shim::record_unknown();
  }
}
