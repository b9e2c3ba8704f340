// The gate of the feed-forward layers in one pass over its input.
#include <ATen/Parallel.h>

#include "cpu_kernels.h"
#include "vector_math.h"

namespace shim::cpu {
namespace {

using namespace vector;

template <typename Element>
CT_INLINE void row(const Element *x, Element *y, int64_t size) {
  for (int64_t i = 0; i < size; i++) {
    float gate = load(x, size + i);
    store(y, i, load(x, i) * gate * normal(gate).integral);
  }
}

template <typename Element>
CT_INLINE void backward_row(
    const Element *gradient, const Element *x, Element *result, int64_t size) {
  for (int64_t i = 0; i < size; i++) {
    float g = load(gradient, i), value = load(x, i), gate = load(x, size + i);
    Normal at_gate = normal(gate);
    store(result, i, g * gate * at_gate.integral);
    store(result, size + i, g * value * (at_gate.integral + gate * at_gate.density));
  }
}

CT_PROCESSOR_VARIANTS void rows(const float *x, float *y, int64_t size, int64_t count) {
  for (int64_t i = 0; i < count; i++) row(x + i * 2 * size, y + i * size, size);
}

CT_PROCESSOR_VARIANTS void rows(
    const c10::BFloat16 *x, c10::BFloat16 *y, int64_t size, int64_t count) {
  for (int64_t i = 0; i < count; i++) row(x + i * 2 * size, y + i * size, size);
}

CT_PROCESSOR_VARIANTS void backward_rows(
    const float *gradient, const float *x, float *result, int64_t size, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    backward_row(gradient + i * size, x + i * 2 * size, result + i * 2 * size, size);
  }
}

CT_PROCESSOR_VARIANTS void backward_rows(
    const c10::BFloat16 *gradient, const c10::BFloat16 *x, c10::BFloat16 *result, int64_t size,
    int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    backward_row(gradient + i * size, x + i * 2 * size, result + i * 2 * size, size);
  }
}

template <typename Element>
void geglu(const at::Tensor &x, at::Tensor &y) {
  auto size = y.size(-1);
  const auto *from = x.const_data_ptr<Element>();
  auto *to = y.mutable_data_ptr<Element>();
  at::parallel_for(0, y.numel() / size, 4, [&](int64_t begin, int64_t end) {
    rows(from + begin * 2 * size, to + begin * size, size, end - begin);
  });
}

template <typename Element>
void geglu_backward(const at::Tensor &gradient, const at::Tensor &x, at::Tensor &result) {
  auto size = gradient.size(-1);
  const auto *outer = gradient.const_data_ptr<Element>(), *from = x.const_data_ptr<Element>();
  auto *to = result.mutable_data_ptr<Element>();
  at::parallel_for(0, gradient.numel() / size, 4, [&](int64_t begin, int64_t end) {
    backward_rows(
        outer + begin * size, from + begin * 2 * size, to + begin * 2 * size, size, end - begin);
  });
}

}  // namespace

at::Tensor geglu(const at::Tensor &x) {
  auto input = x.contiguous();
  auto shape = input.sizes().vec();
  shape.back() /= 2;
  auto y = at::empty(shape, input.options());
  x.scalar_type() == at::kFloat ? geglu<float>(input, y) : geglu<c10::BFloat16>(input, y);
  return y;
}

at::Tensor geglu_backward(const at::Tensor &gradient, const at::Tensor &x) {
  auto input = x.contiguous(), outer = gradient.contiguous();
  auto result = at::empty_like(input);
  x.scalar_type() == at::kFloat ? geglu_backward<float>(outer, input, result)
                                : geglu_backward<c10::BFloat16>(outer, input, result);
  return result;
}

}  // namespace shim::cpu
