// Functions of float32 and bfloat16 values in loops that the compiler turns into vector instructions.
#pragma once

#include <c10/util/BFloat16.h>

#include <cstdint>
#include <cstring>

/// Compiles a function for several generations of processors. The newest one that the machine
/// supports runs.
#if defined(__x86_64__)
#define CT_PROCESSOR_VARIANTS \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CT_PROCESSOR_VARIANTS
#endif
#define CT_INLINE static inline __attribute__((always_inline))

namespace shim::vector {

CT_INLINE uint32_t bits(float x) {
  uint32_t result;
  std::memcpy(&result, &x, sizeof result);
  return result;
}

CT_INLINE float from_bits(uint32_t bits) {
  float result;
  std::memcpy(&result, &bits, sizeof result);
  return result;
}

CT_INLINE float load(const float *values, int64_t i) { return values[i]; }
CT_INLINE float load(const c10::BFloat16 *values, int64_t i) {
  return from_bits(static_cast<uint32_t>(values[i].x) << 16);
}

CT_INLINE void store(float *values, int64_t i, float x) { values[i] = x; }
/// Rounds to the nearest value, ties to even. A NaN stays one.
CT_INLINE void store(c10::BFloat16 *values, int64_t i, float x) {
  uint32_t b = bits(x);
  uint32_t rounded = (b + 0x7FFF + (b >> 16 & 1)) >> 16;
  values[i].x = static_cast<uint16_t>(x == x ? rounded : 0x7FC0);
}

/// e^x within 2e-7 of itself. Below -87 it is almost zero, above 88 almost the largest number.
CT_INLINE float exponential(float x) {
  float limited = x < -87.0f ? -87.0f : x;
  limited = limited > 88.0f ? 88.0f : limited;
  // x = n log(2) + r, |r| <= log(2) / 2. The two parts of log(2) keep r exact.
  float n = __builtin_rintf(limited * 1.44269504f);
  float r = limited - n * 0.693359375f + n * 2.12194440e-4f;
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  float power = from_bits(static_cast<uint32_t>(static_cast<int32_t>(n) + 127) << 23);
  return x == x ? p * power : x;
}

CT_INLINE float sigmoid(float x) { return 1.0f / (1.0f + exponential(-x)); }

/// The normal distribution at x: its integral from minus infinity, within 3e-7, and its density.
struct Normal {
  float integral, density;
};

/// Abramowitz & Stegun, formula 26.2.17.
CT_INLINE Normal normal(float x) {
  float size = x < 0 ? -x : x;
  float density = 0.398942280f * exponential(-0.5f * x * x);
  float t = 1.0f / (1.0f + 0.2316419f * size);
  float p = 1.330274429f;
  p = p * t - 1.821255978f;
  p = p * t + 1.781477937f;
  p = p * t - 0.356563782f;
  p = p * t + 0.319381530f;
  float tail = density * p * t;
  return {x < 0 ? tail : 1.0f - tail, density};
}

}  // namespace shim::vector
