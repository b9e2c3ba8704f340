// Counts of operations, for tests and measurements.
#include <ATen/record_function.h>

#include <map>
#include <mutex>

#include "operations.h"
#include "shim.h"

using namespace shim;

namespace {

std::mutex lock;
std::map<std::string, int64_t> counts;
at::CallbackHandle callback = at::INVALID_CALLBACK_HANDLE;
/// Whether this thread is inside a counted operation, whose parts are not counted again.
thread_local bool is_inside = false;

/// Marks a counted operation from its start to its end.
struct Counted : at::ObserverContext {};

std::unique_ptr<at::ObserverContext> start(const at::RecordFunction &function) {
  auto name = function.operator_name();
  if (is_inside || !name) return nullptr;
  if (!has_own_kernel(*name)) return nullptr;
  std::lock_guard guard(lock);
  counts[name->name]++;
  is_inside = true;
  return std::make_unique<Counted>();
}

void end(const at::RecordFunction &, at::ObserverContext *counted) {
  if (counted) is_inside = false;
}

}  // namespace

thread_local bool shim::uses_processor_kernels = true;

int ct_set_processor_kernels(bool enabled) noexcept {
  return status([&] { uses_processor_kernels = enabled; });
}

int ct_count_start(void) noexcept {
  return status([] {
    TORCH_CHECK(callback == at::INVALID_CALLBACK_HANDLE, "operations are being counted already");
    counts.clear();
    callback = at::addThreadLocalCallback(
        at::RecordFunctionCallback(start, end).scopes({at::RecordScope::FUNCTION}));
  });
}

int ct_count_stop(
    void (*each)(void *context, const char *name, int64_t count), void *context) noexcept {
  return status([&] {
    at::removeCallback(callback);
    callback = at::INVALID_CALLBACK_HANDLE;
    for (const auto &[name, count] : counts) each(context, name.c_str(), count);
  });
}
