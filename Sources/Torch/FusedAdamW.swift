import CTorch

/// One AdamW step over all parameters in one call (Loshchilov & Hutter 2019; torch.optim.AdamW with
/// `fused=True`), in place.
///
/// The lists run in parallel; `steps` are float32 scalars, one per parameter, and count up.
/// Nothing changes if the float32 scalar `foundInf` is 1.
public func fusedAdamW(
  parameters: [Tensor], gradients: [Tensor], averages: [Tensor], squares: [Tensor],
  steps: [Tensor], foundInf: Tensor? = nil, learningRate: Double, beta1: Double, beta2: Double,
  weightDecay: Double,
  epsilon: Double
) throws(TorchError) {
  let lists = [gradients, averages, squares, steps]
  guard lists.allSatisfy({ $0.count == parameters.count }) else {
    throw TorchError("AdamW was given lists of different lengths.")
  }
  let status = withHandles(parameters) { parameters, count in
    withHandles(gradients) { gradients, _ in
      withHandles(averages) { averages, _ in
        withHandles(squares) { squares, _ in
          withHandles(steps) { steps, _ in
            ct_adamw(
              parameters, gradients, averages, squares, steps, count, foundInf?.handle,
              learningRate, beta1, beta2, weightDecay, epsilon)
          }
        }
      }
    }
  }
  try check(status)
}
