// Operations that change a tensor in place. None is recorded in a graph.
#include "ctorch_optim.h"
#include "shim.h"

using namespace shim;

int ct_multiply_in_place(ct_tensor a, double factor) noexcept {
  return status([&] {
    at::NoGradGuard no_grad;
    mut(a).mul_(factor);
  });
}

int ct_add_in_place(ct_tensor a, ct_ref b, double factor) noexcept {
  return status([&] {
    at::NoGradGuard no_grad;
    mut(a).add_(ref(b), factor);
  });
}

int ct_add_product_in_place(ct_tensor a, ct_ref b, ct_ref c, double factor) noexcept {
  return status([&] {
    at::NoGradGuard no_grad;
    mut(a).addcmul_(ref(b), ref(c), factor);
  });
}

int ct_add_quotient_in_place(ct_tensor a, ct_ref b, ct_ref c, double factor) noexcept {
  return status([&] {
    at::NoGradGuard no_grad;
    mut(a).addcdiv_(ref(b), ref(c), factor);
  });
}

int ct_lerp_in_place(ct_tensor a, ct_ref end, double weight) noexcept {
  return status([&] {
    at::NoGradGuard no_grad;
    mut(a).lerp_(ref(end), weight);
  });
}

int ct_divide_in_place(ct_tensor a, ct_ref divisor) noexcept {
  return status([&] {
    at::NoGradGuard no_grad;
    mut(a).div_(ref(divisor));
  });
}
