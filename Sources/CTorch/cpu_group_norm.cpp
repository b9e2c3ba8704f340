// Group normalisation and SiLU of images whose channels lie side by side.
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "cpu_kernels.h"
#include "vector_math.h"

namespace shim::cpu {
namespace {

using namespace vector;

/// Pixels whose sums are added in float32, before they join sums in float64.
constexpr int64_t block = 64;

/// `y = x * factor + shift` of each channel.
struct Affine {
  const float *factor, *shift;
};

/// Adds the values of each channel to `sums`, and their squares to `squares`.
template <typename Element>
CT_INLINE void add_moments(
    const Element *x, int64_t pixels, int64_t channels, float *sums, float *squares) {
  for (int64_t p = 0; p < pixels; p++) {
    for (int64_t c = 0; c < channels; c++) {
      float value = load(x, p * channels + c);
      sums[c] += value;
      squares[c] += value * value;
    }
  }
}

template <typename Element>
CT_INLINE void apply(
    const Element *x, Element *y, int64_t pixels, int64_t channels, Affine affine) {
  for (int64_t p = 0; p < pixels; p++) {
    for (int64_t c = 0; c < channels; c++) {
      int64_t i = p * channels + c;
      float z = load(x, i) * affine.factor[c] + affine.shift[c];
      store(y, i, z * sigmoid(z));
    }
  }
}

/// The gradient before SiLU, from that after it.
CT_INLINE float before_silu(float gradient, float z) {
  float s = sigmoid(z);
  return gradient * s * (1.0f + z * (1.0f - s));
}

/// Adds the gradients of each channel before SiLU to `sums`, and their products with x to `products`.
template <typename Element>
CT_INLINE void add_gradients(
    const Element *gradient, const Element *x, int64_t pixels, int64_t channels, Affine affine,
    float *sums, float *products) {
  for (int64_t p = 0; p < pixels; p++) {
    for (int64_t c = 0; c < channels; c++) {
      int64_t i = p * channels + c;
      float value = load(x, i);
      float g = before_silu(load(gradient, i), value * affine.factor[c] + affine.shift[c]);
      sums[c] += g;
      products[c] += g * value;
    }
  }
}

/// `result = g * factor + x * slope + offset` of each channel, where g is the gradient before SiLU.
template <typename Element>
CT_INLINE void apply_gradients(
    const Element *gradient, const Element *x, Element *result, int64_t pixels, int64_t channels,
    Affine affine, const float *slope, const float *offset) {
  for (int64_t p = 0; p < pixels; p++) {
    for (int64_t c = 0; c < channels; c++) {
      int64_t i = p * channels + c;
      float value = load(x, i);
      float g = before_silu(load(gradient, i), value * affine.factor[c] + affine.shift[c]);
      store(result, i, g * affine.factor[c] + value * slope[c] + offset[c]);
    }
  }
}

// Functions for several processors cannot be templates.

CT_PROCESSOR_VARIANTS void moments_of(
    const float *x, int64_t pixels, int64_t channels, float *sums, float *squares) {
  add_moments(x, pixels, channels, sums, squares);
}

CT_PROCESSOR_VARIANTS void apply_to(
    const float *x, float *y, int64_t pixels, int64_t channels, Affine affine) {
  apply(x, y, pixels, channels, affine);
}

CT_PROCESSOR_VARIANTS void gradients_of(
    const float *gradient, const float *x, int64_t pixels, int64_t channels, Affine affine,
    float *sums, float *products) {
  add_gradients(gradient, x, pixels, channels, affine, sums, products);
}

CT_PROCESSOR_VARIANTS void apply_gradients_to(
    const float *gradient, const float *x, float *result, int64_t pixels, int64_t channels,
    Affine affine, const float *slope, const float *offset) {
  apply_gradients(gradient, x, result, pixels, channels, affine, slope, offset);
}

CT_PROCESSOR_VARIANTS void moments_of(
    const c10::BFloat16 *x, int64_t pixels, int64_t channels, float *sums, float *squares) {
  add_moments(x, pixels, channels, sums, squares);
}

CT_PROCESSOR_VARIANTS void apply_to(
    const c10::BFloat16 *x, c10::BFloat16 *y, int64_t pixels, int64_t channels,
    Affine affine) {
  apply(x, y, pixels, channels, affine);
}

CT_PROCESSOR_VARIANTS void gradients_of(
    const c10::BFloat16 *gradient, const c10::BFloat16 *x, int64_t pixels, int64_t channels,
    Affine affine, float *sums, float *products) {
  add_gradients(gradient, x, pixels, channels, affine, sums, products);
}

CT_PROCESSOR_VARIANTS void apply_gradients_to(
    const c10::BFloat16 *gradient, const c10::BFloat16 *x, c10::BFloat16 *result, int64_t pixels,
    int64_t channels, Affine affine, const float *slope, const float *offset) {
  apply_gradients(gradient, x, result, pixels, channels, affine, slope, offset);
}

/// One image, and its place in the tensor.
struct Image {
  int64_t pixels, channels, groups;

  int64_t size() const { return channels / groups; }
};

/// Two sums of each channel over all pixels. `add(from, count, first, second)` adds those of some
/// pixels. The blocks are the same with every number of threads.
template <typename Add>
std::vector<double> channel_sums(const Image &image, const Add &add) {
  const int64_t blocks = (image.pixels + block - 1) / block, channels = image.channels;
  std::vector<float> partial(blocks * 2 * channels, 0.0f);
  at::parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      float *first = partial.data() + i * 2 * channels;
      add(i * block, std::min(block, image.pixels - i * block), first, first + channels);
    }
  });
  std::vector<double> sums(2 * channels, 0.0);
  for (int64_t i = 0; i < blocks; i++) {
    for (int64_t c = 0; c < 2 * channels; c++) sums[c] += partial[i * 2 * channels + c];
  }
  return sums;
}

/// Calls `body(first pixel, number of pixels)` in parallel.
template <typename Body>
void each_block(const Image &image, const Body &body) {
  const int64_t blocks = (image.pixels + block - 1) / block;
  at::parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) {
    body(begin * block, std::min(end * block, image.pixels) - begin * block);
  });
}

/// The factor and the shift of each channel.
struct Channels {
  std::vector<float> factor, shift;

  Channels(
      const Image &image, const float *mean, const float *deviation, const float *weight,
      const float *bias)
      : factor(image.channels), shift(image.channels) {
    for (int64_t c = 0; c < image.channels; c++) {
      const int64_t group = c / image.size();
      factor[c] = weight[c] * deviation[group];
      shift[c] = bias[c] - mean[group] * factor[c];
    }
  }

  Affine affine() const { return {factor.data(), shift.data()}; }
};

template <typename Element>
void forward(
    const Element *x, Element *y, const Image &image, const float *weight, const float *bias,
    double eps, float *mean, float *deviation) {
  auto sums =
      channel_sums(image, [&](int64_t from, int64_t count, float *first, float *second) {
        moments_of(x + from * image.channels, count, image.channels, first, second);
      });
  const double count = static_cast<double>(image.pixels * image.size());
  for (int64_t group = 0; group < image.groups; group++) {
    double sum = 0, squares = 0;
    for (int64_t c = group * image.size(); c < (group + 1) * image.size(); c++) {
      sum += sums[c];
      squares += sums[image.channels + c];
    }
    const double average = sum / count, variance = squares / count - average * average;
    mean[group] = static_cast<float>(average);
    deviation[group] = static_cast<float>(1 / std::sqrt(std::max(variance, 0.0) + eps));
    // A value that is not finite makes the whole group so, as in libtorch.
    if (!std::isfinite(variance)) deviation[group] = std::numeric_limits<float>::quiet_NaN();
  }
  const Channels channels(image, mean, deviation, weight, bias);
  each_block(image, [&](int64_t from, int64_t pixels) {
    const int64_t start = from * image.channels;
    apply_to(x + start, y + start, pixels, image.channels, channels.affine());
  });
}

template <typename Element>
void backward(
    const Element *gradient, const Element *x, Element *result, const Image &image,
    const float *weight, const float *bias, const float *mean, const float *deviation) {
  const Channels channels(image, mean, deviation, weight, bias);
  auto sums =
      channel_sums(image, [&](int64_t from, int64_t count, float *first, float *second) {
        const int64_t start = from * image.channels;
        gradients_of(
            gradient + start, x + start, count, image.channels, channels.affine(), first, second);
      });
  // With d = weight * g, the gradient is deviation * (d - mean(d) - x' * mean(d * x')), where x' is
  // the normalised x.
  const double count = static_cast<double>(image.pixels * image.size());
  std::vector<float> slope(image.channels), offset(image.channels);
  for (int64_t group = 0; group < image.groups; group++) {
    double sum = 0, products = 0;
    for (int64_t c = group * image.size(); c < (group + 1) * image.size(); c++) {
      sum += weight[c] * sums[c];
      products += weight[c] * sums[image.channels + c];
    }
    const double average = mean[group], scale = deviation[group];
    const double along = (products - average * sum) * scale / count;
    for (int64_t c = group * image.size(); c < (group + 1) * image.size(); c++) {
      slope[c] = static_cast<float>(-scale * scale * along);
      offset[c] = static_cast<float>(scale * (average * scale * along - sum / count));
    }
  }
  each_block(image, [&](int64_t from, int64_t pixels) {
    const int64_t start = from * image.channels;
    apply_gradients_to(
        gradient + start, x + start, result + start, pixels, image.channels, channels.affine(),
        slope.data(), offset.data());
  });
}

}  // namespace

at::Tensor group_norm_silu(
    const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias, int64_t groups,
    double eps, Moments &moments) {
  const Image image{x.size(2) * x.size(3), x.size(1), groups};
  auto y = at::empty_like(x);
  moments = {
      at::empty({x.size(0), groups}, x.options().dtype(at::kFloat)),
      at::empty({x.size(0), groups}, x.options().dtype(at::kFloat))};
  auto weights = weight.to(at::kFloat).contiguous(), biases = bias.to(at::kFloat).contiguous();
  auto run = [&]<typename Element>(Element) {
    for (int64_t i = 0; i < x.size(0); i++) {
      const int64_t start = i * image.pixels * image.channels;
      forward(
          x.const_data_ptr<Element>() + start, y.mutable_data_ptr<Element>() + start, image,
          weights.const_data_ptr<float>(), biases.const_data_ptr<float>(), eps,
          moments.mean.mutable_data_ptr<float>() + i * groups,
          moments.deviation.mutable_data_ptr<float>() + i * groups);
    }
  };
  x.scalar_type() == at::kFloat ? run(float()) : run(c10::BFloat16());
  return y;
}

at::Tensor group_norm_silu_backward(
    const at::Tensor &gradient, const at::Tensor &x, const at::Tensor &weight,
    const at::Tensor &bias, int64_t groups, const Moments &moments) {
  const Image image{x.size(2) * x.size(3), x.size(1), groups};
  auto outer = gradient.contiguous(at::MemoryFormat::ChannelsLast);
  auto result = at::empty_like(x);
  auto weights = weight.to(at::kFloat).contiguous(), biases = bias.to(at::kFloat).contiguous();
  auto run = [&]<typename Element>(Element) {
    for (int64_t i = 0; i < x.size(0); i++) {
      const int64_t start = i * image.pixels * image.channels;
      backward(
          outer.const_data_ptr<Element>() + start, x.const_data_ptr<Element>() + start,
          result.mutable_data_ptr<Element>() + start, image, weights.const_data_ptr<float>(),
          biases.const_data_ptr<float>(), moments.mean.const_data_ptr<float>() + i * groups,
          moments.deviation.const_data_ptr<float>() + i * groups);
    }
  };
  x.scalar_type() == at::kFloat ? run(float()) : run(c10::BFloat16());
  return result;
}

}  // namespace shim::cpu
