// The softmax of attention scores, in place.
#include <ATen/Parallel.h>

#include <cmath>
#include <vector>

#include "cpu_kernels.h"
#include "vector_math.h"

namespace shim::cpu {
namespace {

using namespace vector;

/// Sums in 16 lanes, so that vector instructions add in the same order on every processor.
constexpr int64_t lanes = 16;

CT_INLINE float sum(const float *partial) {
  float total = 0;
  for (int64_t lane = 0; lane < lanes; lane++) total += partial[lane];
  return total;
}

/// `buffer` has room for one row, rounded up to whole lanes.
template <typename Element>
CT_INLINE void softmax_row(Element *row, int64_t size, float scale, float *buffer) {
  float largest[lanes], total[lanes];
  int64_t padded = (size + lanes - 1) / lanes * lanes;
  for (int64_t i = 0; i < size; i++) buffer[i] = load(row, i) * scale;
  for (int64_t i = size; i < padded; i++) buffer[i] = -INFINITY;
  for (int64_t lane = 0; lane < lanes; lane++) {
    largest[lane] = -INFINITY;
    total[lane] = 0;
  }
  for (int64_t i = 0; i < padded; i += lanes) {
    for (int64_t lane = 0; lane < lanes; lane++) {
      float value = buffer[i + lane];
      // A NaN stays one.
      largest[lane] = value <= largest[lane] ? largest[lane] : value;
    }
  }
  float top = largest[0];
  for (int64_t lane = 1; lane < lanes; lane++) top = largest[lane] <= top ? top : largest[lane];
  for (int64_t i = 0; i < padded; i += lanes) {
    for (int64_t lane = 0; lane < lanes; lane++) {
      float value = i + lane < size ? exponential(buffer[i + lane] - top) : 0.0f;
      buffer[i + lane] = value;
      total[lane] += value;
    }
  }
  float factor = 1.0f / sum(total);
  for (int64_t i = 0; i < size; i++) store(row, i, buffer[i] * factor);
}

/// `scale * weights * (gradients - sum(gradients * weights))`.
template <typename Element>
CT_INLINE void backward_row(Element *gradients, const Element *weights, int64_t size, float scale) {
  float total[lanes];
  for (int64_t lane = 0; lane < lanes; lane++) total[lane] = 0;
  int64_t whole = size / lanes * lanes;
  for (int64_t i = 0; i < whole; i += lanes) {
    for (int64_t lane = 0; lane < lanes; lane++) {
      total[lane] += load(gradients, i + lane) * load(weights, i + lane);
    }
  }
  for (int64_t i = whole; i < size; i++) total[0] += load(gradients, i) * load(weights, i);
  float product = sum(total);
  for (int64_t i = 0; i < size; i++) {
    store(gradients, i, scale * load(weights, i) * (load(gradients, i) - product));
  }
}

CT_PROCESSOR_VARIANTS void softmax_rows(
    float *rows, int64_t size, int64_t count, float scale, float *buffer) {
  for (int64_t i = 0; i < count; i++) softmax_row(rows + i * size, size, scale, buffer);
}

CT_PROCESSOR_VARIANTS void softmax_rows(
    c10::BFloat16 *rows, int64_t size, int64_t count, float scale, float *buffer) {
  for (int64_t i = 0; i < count; i++) softmax_row(rows + i * size, size, scale, buffer);
}

CT_PROCESSOR_VARIANTS void backward_rows(
    float *gradients, const float *weights, int64_t size, int64_t count, float scale) {
  for (int64_t i = 0; i < count; i++) {
    backward_row(gradients + i * size, weights + i * size, size, scale);
  }
}

CT_PROCESSOR_VARIANTS void backward_rows(
    c10::BFloat16 *gradients, const c10::BFloat16 *weights, int64_t size, int64_t count,
    float scale) {
  for (int64_t i = 0; i < count; i++) {
    backward_row(gradients + i * size, weights + i * size, size, scale);
  }
}

template <typename Element>
void softmax(at::Tensor &scores, double scale) {
  auto size = scores.size(-1);
  auto *rows = scores.mutable_data_ptr<Element>();
  at::parallel_for(0, scores.numel() / size, 16, [&](int64_t begin, int64_t end) {
    std::vector<float> buffer(size + lanes);
    softmax_rows(
        rows + begin * size, size, end - begin, static_cast<float>(scale), buffer.data());
  });
}

template <typename Element>
void softmax_backward(at::Tensor &gradients, const at::Tensor &weights, double scale) {
  auto size = gradients.size(-1);
  auto *rows = gradients.mutable_data_ptr<Element>();
  const auto *probabilities = weights.const_data_ptr<Element>();
  at::parallel_for(0, gradients.numel() / size, 16, [&](int64_t begin, int64_t end) {
    backward_rows(
        rows + begin * size, probabilities + begin * size, size, end - begin,
        static_cast<float>(scale));
  });
}

}  // namespace

void softmax_(at::Tensor &scores, double scale) {
  scores.scalar_type() == at::kFloat ? softmax<float>(scores, scale)
                                     : softmax<c10::BFloat16>(scores, scale);
}

void softmax_backward_(at::Tensor &gradients, const at::Tensor &weights, double scale) {
  gradients.scalar_type() == at::kFloat
      ? softmax_backward<float>(gradients, weights, scale)
      : softmax_backward<c10::BFloat16>(gradients, weights, scale);
}

}  // namespace shim::cpu
