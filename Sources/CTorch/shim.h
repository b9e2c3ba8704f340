// Private to CTorch: shared by its .cpp files.
#pragma once

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/version.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "ctorch.h"

static_assert(
    TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 11,
    "lora-train needs the headers of libtorch 2.11 or newer");

namespace shim {

inline const at::Tensor &ref(ct_ref tensor) {
  return *reinterpret_cast<const at::Tensor *>(tensor);
}

inline at::Tensor &mut(ct_tensor tensor) { return *reinterpret_cast<at::Tensor *>(tensor); }

inline ct_tensor own(at::Tensor tensor) {
  return reinterpret_cast<ct_tensor>(new at::Tensor(std::move(tensor)));
}

inline ct_ref borrow(const at::Tensor &tensor) { return reinterpret_cast<ct_ref>(&tensor); }

inline std::optional<at::Tensor> optional(ct_ref tensor) {
  if (tensor == nullptr) return std::nullopt;
  return ref(tensor);
}

/// Whether a layer's weight and bias need no gradient.
inline bool is_frozen(ct_ref weight, ct_ref bias) {
  return !ref(weight).requires_grad() && !(bias && ref(bias).requires_grad());
}

inline at::IntArrayRef sizes(const int64_t *values, size_t count) {
  return at::IntArrayRef(values, count);
}

std::vector<at::Tensor> list(const ct_ref *tensors, size_t count);

/// Whether this thread may use operations that are faster on this processor than libtorch's choice.
extern thread_local bool uses_processor_kernels;

/// See `ct_wait_count`.
extern thread_local int64_t wait_count;
/// The part of these calls that read a tensor's values.
extern thread_local int64_t read_count;

at::ScalarType scalar_type(ct_dtype dtype);
at::Device device(ct_device device);

/// Carries this thread's error through libtorch, which may rethrow it on another thread.
struct Failure : std::runtime_error {
  bool out_of_memory;
  Failure() : std::runtime_error(ct_error()), out_of_memory(ct_error_is_out_of_memory()) {}
};

/// Makes `exception` this thread's error.
void record(const std::exception &exception) noexcept;
void record_unknown() noexcept;

/// Runs `body` and returns its result, or `failure` with the error recorded.
template <typename Result, typename Body>
Result guard(Result failure, Body body) noexcept {
  try {
    return body();
  } catch (const std::exception &exception) {
    record(exception);
  } catch (...) {
    record_unknown();
  }
  return failure;
}

/// `guard` for functions that make a tensor.
template <typename Body>
ct_tensor tensor(Body body) noexcept {
  return guard<ct_tensor>(nullptr, [&] { return own(body()); });
}

/// `guard` for functions that return a status.
template <typename Body>
int status(Body body) noexcept {
  return guard<int>(-1, [&] {
    body();
    return 0;
  });
}

}  // namespace shim
