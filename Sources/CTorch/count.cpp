// Counts of operations, for tests and measurements.
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/record_function.h>

#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

#include "shim.h"

using namespace shim;

namespace {

std::mutex lock;
std::map<std::string, int64_t> counts;
std::unordered_map<std::string, bool> launching;
at::CallbackHandle callback = at::INVALID_CALLBACK_HANDLE;
/// Whether this thread is inside a counted operation, whose parts are not counted again.
thread_local bool is_inside = false;

/// Marks a counted operation from its start to its end.
struct Counted : at::ObserverContext {};

/// Whether an operation is executed by a kernel of its own: it is no composition of others, no view
/// and no allocation.
bool launches(const c10::OperatorName &name) {
  static const std::set<std::string> without_kernel{
      "aten::empty",          "aten::empty_like",  "aten::empty_strided", "aten::new_empty",
      "aten::detach",         "aten::alias",       "aten::_unsafe_view",  "aten::lift_fresh",
      "aten::_fused_sdp_choice", "aten::new_empty_strided", "aten::resize_", "aten::set_",
      "aten::_local_scalar_dense", "aten::is_same_size"};
  if (without_kernel.count(name.name)) return false;
  auto operation = c10::Dispatcher::singleton().findOp(name);
  if (!operation) return false;
  if (operation->hasKernelForDispatchKey(c10::DispatchKey::CompositeImplicitAutograd) &&
      !operation->hasKernelForDispatchKey(c10::DispatchKey::CPU)) {
    return false;
  }
  const auto &returns = operation->schema().returns();
  if (returns.empty()) return name.name.rfind("aten::_foreach", 0) == 0 || name.name.back() == '_';
  const auto *alias = returns[0].alias_info();
  return alias == nullptr || alias->isWrite();
}

std::unique_ptr<at::ObserverContext> start(const at::RecordFunction &function) {
  auto name = function.operator_name();
  if (is_inside || !name) return nullptr;
  std::lock_guard guard(lock);
  auto full = name->name + "." + name->overload_name;
  auto known = launching.find(full);
  if (known == launching.end()) known = launching.emplace(full, launches(*name)).first;
  if (!known->second) return nullptr;
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
