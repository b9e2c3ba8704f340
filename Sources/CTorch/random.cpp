// Seeded random numbers. A generator's handle is its state, a CPU byte tensor, which can be copied
// and written to a checkpoint like any other tensor.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>

#include "shim.h"

using namespace shim;

ct_tensor ct_generator(uint64_t seed) noexcept {
  return tensor([&] { return at::detail::createCPUGenerator(seed).get_state(); });
}

ct_tensor ct_randn(ct_tensor state, const int64_t *shape, size_t dimensions) noexcept {
  return tensor([&] {
    auto generator = at::detail::createCPUGenerator();
    generator.set_state(mut(state));
    auto values = at::randn(
        sizes(shape, dimensions), generator, at::TensorOptions().dtype(at::kFloat));
    mut(state).copy_(generator.get_state());
    return values;
  });
}

ct_tensor ct_bernoulli(
    const int64_t *shape, size_t dimensions, double probability, uint64_t seed,
    ct_device place) noexcept {
  return tensor([&] {
    auto on = device(place);
    auto generator = on.is_cpu() ? at::detail::createCPUGenerator()
                                 : at::globalContext().defaultGenerator(on).clone();
    generator.set_current_seed(seed);
    auto options = at::TensorOptions().dtype(at::kFloat).device(on);
    return at::empty(sizes(shape, dimensions), options).bernoulli_(probability, generator);
  });
}
