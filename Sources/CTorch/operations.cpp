#include "operations.h"

#include <ATen/core/dispatch/Dispatcher.h>

#include <mutex>
#include <set>
#include <unordered_map>

namespace {

bool check(const c10::OperatorName &name) {
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

}  // namespace

bool shim::has_own_kernel(const c10::OperatorName &name) {
  static std::mutex lock;
  static auto *const known = new std::unordered_map<std::string, bool>();
  std::lock_guard guard(lock);
  auto full = name.name + "." + name.overload_name;
  auto found = known->find(full);
  if (found == known->end()) found = known->emplace(full, check(name)).first;
  return found->second;
}
